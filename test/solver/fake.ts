import type { CacheKey, CacheRecord, LocalCache } from "../../builder/cache/types.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import type { BuildEvent, VertexId } from "../../builder/core/events.ts";
import { Slots } from "../../builder/core/slots.ts";
import type { Vertex } from "../../builder/graph/types.ts";
import type { Layer, RootFs } from "../../builder/layers/types.ts";
import { solve } from "../../builder/solver/solve.ts";
import type { OpContext, OpResult, OpRunner, Solution, SolveOptions } from "../../builder/solver/types.ts";

/** A root filesystem of three files with small numbers in them: enough for everything that keys are about. */
export type Files = readonly [number, number, number];

export type FakeOp =
  /** Files outside of any layer. */
  | { readonly kind: "context"; readonly files: Files }
  | { readonly kind: "image"; readonly files: Files }
  /** Writes file `to`: a sum of `text` and all files of its base; a negative `text` writes the machine's clock. */
  | { readonly kind: "run"; readonly text: number; readonly to: number }
  /** Copies file `from` of its last input to file `to` of its first, which may be left out. `own`: from its base. */
  | { readonly kind: "copy"; readonly from: number; readonly to: number; readonly own?: boolean };

export interface FakeVertex {
  readonly id: string;
  readonly op: FakeOp;
  readonly inputs: readonly string[];
}

/** Shorthand for a vertex. */
export function step(id: string, op: FakeOp, ...inputs: readonly string[]): FakeVertex {
  return { id, op, inputs };
}

export const run = (text: number, to = 0): FakeOp => ({ kind: "run", text, to });
export const copy = (from: number, to = 0, own = false): FakeOp => ({ kind: "copy", from, to, own });
export const image = (...files: Files): FakeOp => ({ kind: "image", files });
export const context = (...files: Files): FakeOp => ({ kind: "context", files });

/** What one machine keeps between builds. */
export class Machine {
  clock = 0;
  readonly records = new Map<CacheKey, CacheRecord>();
  readonly aliases = new Map<CacheKey, CacheKey>();
  readonly layers = new Map<DiffId, Layer>();
  readonly cache: LocalCache = {
    get: (key) => this.records.get(this.aliases.get(key) ?? key),
    put: (record) => {
      this.records.set(record.key, record);
    },
    alias: (alias, key) => {
      if (alias !== key) this.aliases.set(alias, key);
    },
  };

  layer(content: string): Layer {
    const diffId = sha256(content) as DiffId;
    const layer = { diffId: async () => diffId, index: unused, blob: unused, tar: unused, snapshot: unused };
    contents.set(layer, content);
    this.layers.set(diffId, layer);
    return layer;
  }

  open(diffIds: readonly DiffId[]): RootFs | undefined {
    const found = diffIds.map((diffId) => this.layers.get(diffId));
    return found.every((layer) => layer !== undefined) ? found : undefined;
  }
}

function unused(): never {
  throw new Error("the solver looked into a layer");
}

const contents = new WeakMap<Layer, string>();

/** Reads a fake root filesystem. */
export function filesOf(rootfs: RootFs): Files {
  const files: [number, number, number] = [0, 0, 0];
  for (const layer of rootfs) Object.assign(files, JSON.parse(contents.get(layer) ?? "{}"));
  return files;
}

export interface Build {
  readonly solution: Solution;
  readonly events: BuildEvent[];
  /** `started a`, `cached b`, …, in order. */
  readonly log: string[];
  result(id: string): Promise<Files>;
}

export interface BuildOptions extends Partial<Pick<SolveOptions, "noCache" | "signal" | "slots" | "cache">> {
  /** Stands in for running a step. */
  readonly onRun?: (id: string, context: OpContext) => Promise<unknown> | undefined;
  readonly runner?: Partial<OpRunner>;
}

/** A build of fake vertices on a machine. */
export function build(machine: Machine, vertices: readonly FakeVertex[], options: BuildOptions = {}): Build {
  const events: BuildEvent[] = [];
  const log: string[] = [];
  const solution = solve({
    vertices: vertices.map(vertexOf),
    runner: { ...fakeRunner(machine, vertices, options), ...options.runner },
    cache: options.cache ?? machine.cache,
    openLayers: (diffIds) => machine.open(diffIds),
    slots: options.slots ?? new Slots({ network: 4, cpu: 4, exec: 4 }),
    signal: options.signal ?? new AbortController().signal,
    noCache: options.noCache ?? false,
    emit: (event) => {
      events.push(event);
      if ("id" in event && event.type.startsWith("step-")) log.push(`${event.type.slice(5)} ${event.id}`);
    },
  });
  return {
    solution,
    events,
    log,
    result: async (id) => filesOf((await solution.result(id as VertexId)).rootfs),
  };
}

/** A fake vertex as the solver sees it. */
export function vertexOf({ id, op, inputs }: FakeVertex): Vertex {
  // Of `op` the solver may know nothing but which input it stands on.
  const base = op.kind === "run" || (op.kind === "copy" && (op.own === true || inputs.length > 1)) ? 0 : null;
  const mkdir = { type: "mkdir", base, path: "", user: "" } as const;
  return { id: id as VertexId, inputs: inputs as VertexId[], name: id, op: mkdir };
}

/** How fake vertices are keyed and run. */
export function fakeRunner(
  machine: Machine,
  vertices: readonly FakeVertex[],
  { onRun }: BuildOptions = {},
): OpRunner {
  const byId = new Map<string, FakeVertex>(vertices.map((vertex) => [vertex.id, vertex]));
  const opOf = (id: string): FakeOp => byId.get(id)?.op ?? context(0, 0, 0);
  const sourceOf = (vertex: Vertex, inputs: readonly OpResult[]): Files => {
    const last = vertex.inputs.length - 1;
    const op = opOf(vertex.inputs[last] ?? "");
    return op.kind === "context" ? op.files : filesOf(inputs[last]?.rootfs ?? []);
  };
  return {
    resource: (vertex) => (opOf(vertex.id).kind === "run" ? "exec" : undefined),
    recorded: (vertex) => ["run", "copy"].includes(opOf(vertex.id).kind),
    definition: (vertex) => (opOf(vertex.id).kind === "context" ? undefined : { ...opOf(vertex.id) }),
    contentInputs: (vertex) => (opOf(vertex.id).kind === "copy" ? [vertex.inputs.length - 1] : []),
    content: async (vertex, inputs) => {
      const op = opOf(vertex.id);
      return op.kind === "copy" ? (sourceOf(vertex, inputs)[op.from] ?? 0) : null;
    },
    contentDefinition: (vertex) => {
      const op = opOf(vertex.id);
      return op.kind === "copy" ? { kind: "copy", to: op.to } : null;
    },
    async run(vertex, inputs, stepContext) {
      const op = opOf(vertex.id);
      await onRun?.(vertex.id, stepContext);
      const base =
        vertex.inputs.length > (op.kind === "copy" && op.own !== true ? 1 : 0)
          ? (inputs[0]?.rootfs ?? [])
          : [];
      return {
        rootfs: op.kind === "context" ? [] : [...base, machine.layer(made(op, base, vertex, inputs))],
      };
    },
  };

  function made(op: FakeOp, base: RootFs, vertex: Vertex, inputs: readonly OpResult[]): string {
    if (op.kind === "run") {
      const written = op.text < 0 ? machine.clock : ran(op.text, filesOf(base));
      return JSON.stringify({ [op.to]: written });
    }
    if (op.kind === "copy") return JSON.stringify({ [op.to]: sourceOf(vertex, inputs)[op.from] });
    return JSON.stringify(op.files);
  }
}

/** What a `run` writes: few values, so that different steps often come out the same. */
export function ran(text: number, [a, b, c]: Files): number {
  return (text + a + 2 * b + 3 * c) % 4;
}
