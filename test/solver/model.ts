import type { CacheMode } from "../../builder/cache/types.ts";
import { ran, type FakeVertex, type Files } from "./fake.ts";

/**
 * The solver against a model that knows every value beforehand: what a build results in, and which steps must run given
 * what earlier builds left. Steps are counted by canonical key, as equal keys run once.
 */
export class Model {
  /** Canonical keys with a record. */
  readonly #records = new Set<string>();
  /** Definition keys that lead to one. */
  readonly #definitions = new Set<string>();

  /** What a cache that is exported after a build of these vertices gives to another machine. */
  give(other: Model, vertices: readonly FakeVertex[], mode: CacheMode): void {
    const values = valuesOf(vertices);
    const target = vertices.at(-1)?.id ?? "";
    const result = new Set(values.get(target)?.layers);
    for (const { id } of wantedOf(vertices)) {
      const { canonical, definition, layers } = values.get(id) ?? nothing;
      if (canonical === undefined || !this.#records.has(canonical)) continue;
      if (mode === "min" && !layers.every((layer) => result.has(layer))) continue;
      other.#records.add(canonical);
      if (definition !== undefined) other.#definitions.add(definition);
    }
  }

  /** The canonical keys of the steps that a build of the last vertex has to run, sorted. */
  build(vertices: readonly FakeVertex[]): { readonly files: Files; readonly runs: string[] } {
    const values = valuesOf(vertices);
    const byId = new Map(vertices.map((vertex) => [vertex.id, vertex]));
    const runs = new Set<string>();
    const valueOf = (id: string): Value => values.get(id) ?? nothing;
    const demand = (id: string): void => {
      const { canonical, definition } = valueOf(id);
      const vertex = byId.get(id);
      if (canonical === undefined || this.#records.has(canonical) || runs.has(canonical)) return;
      for (const input of vertex?.inputs ?? []) demand(input);
      runs.add(canonical);
      if (definition !== undefined) this.#definitions.add(definition);
    };
    const target = vertices.at(-1)?.id ?? "";
    for (const { id, op, inputs } of wantedOf(vertices)) {
      const { definition } = valueOf(id);
      if (op.kind !== "copy" || (definition !== undefined && this.#definitions.has(definition))) continue;
      demand(inputs.at(-1) ?? "");
      if (definition !== undefined) this.#definitions.add(definition);
    }
    demand(target);
    for (const run of runs) this.#records.add(run);
    return { files: valueOf(target).files, runs: [...runs].sort() };
  }
}

/** The vertices that the last one is made from, itself included. */
function wantedOf(vertices: readonly FakeVertex[]): readonly FakeVertex[] {
  const wanted = new Set([vertices.at(-1)?.id]);
  for (const { id, inputs } of [...vertices].reverse())
    if (wanted.has(id)) for (const input of inputs) wanted.add(input);
  return vertices.filter(({ id }) => wanted.has(id));
}

/** What a vertex comes to, known beforehand. */
interface Value {
  readonly files: Files;
  /** What is in each of its layers. */
  readonly layers: readonly string[];
  /** Of recorded vertices. */
  readonly canonical?: string;
  readonly definition?: string | undefined;
  /** What users are keyed by. */
  readonly name: string | undefined;
}

const nothing: Value = { files: [0, 0, 0], layers: [], name: undefined };

/** Every value of a graph. */
export function valuesOf(vertices: readonly FakeVertex[]): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const { id, op, inputs } of vertices) {
    const [base = nothing, source = base] = inputs.map((input) => values.get(input) ?? nothing);
    if (op.kind === "context" || op.kind === "image") {
      const name = op.kind === "image" ? `image ${op.files.join()}` : undefined;
      values.set(id, { files: op.files, layers: name === undefined ? [] : [JSON.stringify(op.files)], name });
    } else if (op.kind === "run") {
      const canonical = `run ${op.text} ${op.to} on (${base.name})`;
      const written = ran(op.text, base.files);
      values.set(id, {
        files: base.files.with(op.to, written) as unknown as Files,
        layers: [...base.layers, JSON.stringify({ [op.to]: written })],
        canonical,
        name: canonical,
      });
    } else {
      const on = inputs.length > 1 ? base : { ...nothing, name: "scratch" };
      const content = source.files[op.from] ?? 0;
      const canonical = `copy ${content} to ${op.to} on (${on.name})`;
      const definition =
        source.name === undefined
          ? undefined
          : `copy ${op.from} to ${op.to} of (${source.name}) on (${on.name})`;
      values.set(id, {
        files: on.files.with(op.to, content) as unknown as Files,
        layers: [...on.layers, JSON.stringify({ [op.to]: content })],
        canonical,
        definition,
        name: canonical,
      });
    }
  }
  return values;
}
