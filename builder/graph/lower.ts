import type { Diagnostic } from "../core/diagnostic.ts";
import type { VertexId } from "../core/events.ts";
import { TsbuildError, unreachable } from "../core/errors.ts";
import { insideRoot } from "../core/paths.ts";
import { redact } from "../core/redact.ts";
import { pinned } from "../stages/plan-stage.ts";
import type { Resolution } from "../stages/resolve.ts";
import type {
  CopyAction,
  CopyFrom,
  Mount,
  Pins,
  Place,
  PlannedStageStep,
  RunAction,
  Source,
  StagePlan,
} from "../stages/types.ts";
import { withPin } from "../stages/pins.ts";
import { Inputs } from "./inputs.ts";
import type { CopySource, ExecMount, Op } from "./types.ts";
import { Vertices } from "./vertices.ts";

/** The vertices of all stages, and what each stage and each step became. */
export interface Lowered {
  readonly vertices: Vertices;
  /** The root filesystem of a stage. */
  rootOf(stage: number): VertexId | null;
  stepOf(step: { readonly stage: number; readonly step: number }): VertexId | undefined;
}

/** Turns the steps of stages, each after the stages that it uses, into vertices that know their inputs. */
export function lower(plans: readonly StagePlan[], resolution: Resolution, pins?: Pins): Lowered {
  const lowering = new Lowering(resolution, pins);
  for (const plan of plans) lowering.stage(plan);
  return lowering;
}

class Lowering implements Lowered {
  readonly vertices = new Vertices();
  readonly #resolution: Resolution;
  readonly #pins: Pins | undefined;
  readonly #roots = new Map<number, VertexId | null>();
  readonly #steps = new Map<number, readonly VertexId[]>();

  constructor(resolution: Resolution, pins: Pins | undefined) {
    this.#resolution = resolution;
    this.#pins = pins;
  }

  rootOf(stage: number): VertexId | null {
    return this.#roots.get(stage) ?? null;
  }

  stepOf({ stage, step }: { readonly stage: number; readonly step: number }): VertexId | undefined {
    return this.#steps.get(stage)?.[step];
  }

  stage(plan: StagePlan): void {
    let root = this.#base(plan);
    const steps: VertexId[] = [];
    for (const step of plan.steps) {
      const { name, at } = step;
      const inputs = new Inputs();
      const op = this.#op(step, root, inputs);
      root = this.vertices.add(op, inputs.ids, { name, stage: plan.label, at });
      steps.push(root);
    }
    this.#roots.set(plan.index, root);
    this.#steps.set(plan.index, steps);
  }

  #base(plan: StagePlan): VertexId | null {
    const { base, baseName, label, at } = plan;
    const source = this.#source(base, baseName, { stage: label, at });
    if (base.type !== "context" || source === null) return source;
    // A context is files to copy from, not a root filesystem: FROM takes all of them.
    const op: Op = { ...WHOLE, sources: [{ from: "input", input: 0, path: "/", keepOwner: false }] };
    return this.vertices.add(op, [source], { name: `[${label}] FROM ${base.name}`, stage: label, at });
  }

  #source(source: Source, name = "", about: { stage?: string; at?: StagePlan["at"] } = {}): VertexId | null {
    switch (source.type) {
      case "scratch":
        return null;
      case "stage":
        return this.rootOf(source.index);
      case "context": {
        const name = source.name === "" ? "[internal] load build context" : `[context ${source.name}] load`;
        return this.vertices.add({ type: "context", name: source.name }, [], { name });
      }
      case "image":
        return this.#image(source, name, about);
      default:
        return unreachable(source);
    }
  }

  #image(
    source: Extract<Source, { type: "image" }>,
    name: string,
    about: { stage?: string; at?: StagePlan["at"] },
  ): VertexId | null {
    const image = this.#resolution.image(source);
    if (image === undefined) {
      throw new TsbuildError("INTERNAL", `Cannot use image "${source.reference}": it was not resolved`);
    }
    const { reference, manifest, config } = image;
    // An image without layers is as empty as scratch (BuildKit convert.go isScratch, rule 25).
    if (config.diffIds.length === 0) return null;
    const op: Op = { type: "image", reference, manifest, platform: config.platform, diffIds: config.diffIds };
    return this.vertices.add(op, [], { name: name || `FROM ${pinned(image)}`, ...about });
  }

  #op({ action, at }: PlannedStageStep, root: VertexId | null, inputs: Inputs): Op {
    const base = inputs.base(root);
    switch (action.type) {
      case "mkdir":
        return { type: action.type, base, path: action.path, user: action.user };
      case "exec":
        return this.#exec(action, base, inputs);
      case "copy":
        return this.#copy(action, base, inputs, at);
      default:
        return unreachable(action);
    }
  }

  #exec(action: RunAction, base: number | null, inputs: Inputs): Op {
    const { type, mounts, ...rest } = action;
    return { type, base, ...rest, mounts: mounts.map((mount) => this.#mount(mount, inputs)) };
  }

  #mount(mount: Mount, inputs: Inputs): ExecMount {
    if (mount.type !== "bind" && mount.type !== "cache") return mount;
    const { from, ...rest } = mount;
    const id = this.#source(from);
    if (rest.type === "cache") return id === null ? rest : { ...rest, input: inputs.indexOf(id) };
    return id === null ? { type: "tmpfs", target: rest.target } : { ...rest, input: inputs.indexOf(id) };
  }

  #copy(action: CopyAction, base: number | null, inputs: Inputs, at: Place): Op {
    const { type, sources: wanted, ...rest } = action;
    const sources = wanted.flatMap((source): CopySource[] => {
      if (source.from === "inline") return [source];
      if (source.from === "http" || source.from === "git") return [this.#remote(source, inputs, at)];
      const id = this.#source(source.source);
      const { path, keepOwner } = source;
      if (id === null) {
        if (mustExist(path)) throw emptySource(path, at);
        return [];
      }
      return [{ from: "input", input: inputs.indexOf(id), path, keepOwner }];
    });
    return { type, base, sources, ...rest };
  }

  #remote(written: Remote, inputs: Inputs, at: Place): CopySource {
    const source = withPin(written, this.#pins);
    if (source.from === "http") {
      const { from, unpack, ...rest } = source;
      const name = redact(`download ${source.url}`);
      const id = this.vertices.add({ type: from, ...rest }, [], { name, at });
      return { from: "remote", input: inputs.indexOf(id), path: source.filename, unpack };
    }
    const { from, ...rest } = source;
    const name = redact(`fetch ${source.remote}${source.ref === undefined ? "" : `#${source.ref}`}`);
    const id = this.vertices.add({ type: from, ...rest }, [], { name, at });
    return { from: "remote", input: inputs.indexOf(id), path: "", unpack: false };
  }
}

type Remote = Extract<CopyFrom, { from: "http" | "git" }>;

/** A copy of everything there is into an empty root filesystem. */
const WHOLE = {
  type: "copy",
  base: null,
  dest: "/",
  link: false,
  parents: false,
  exclude: [],
  unpack: false,
} as const;

/** All of an empty tree can be copied, and so can what matches a pattern in it: nothing (rule 27). */
function mustExist(path: string): boolean {
  return insideRoot(path) !== "" && !/[*?[]/.test(path);
}

function emptySource(path: string, { source, range }: Place): TsbuildError {
  const message = `Cannot copy "${path}": what it is to come from has no files at all`;
  const diagnostic: Diagnostic = { severity: "error", rule: "EmptySource", message, source, range };
  return new TsbuildError("COPY_SOURCE_NOT_FOUND", message, { diagnostics: [diagnostic] });
}
