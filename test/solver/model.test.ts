import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Machine, build, ran, type FakeVertex, type Files } from "./fake.ts";
import { graphOf, shapes } from "./graphs.ts";

/**
 * The solver against a model that knows every value beforehand: what a build results in, and which steps must run given
 * what earlier builds left. Steps are counted by canonical key, as equal keys run once.
 */
class Model {
  /** Canonical keys with a record. */
  readonly #records = new Set<string>();
  /** Definition keys that lead to one. */
  readonly #definitions = new Set<string>();

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
    const wanted = new Set([target]);
    for (const id of wanted) for (const input of byId.get(id)?.inputs ?? []) wanted.add(input);
    for (const { id, op, inputs } of vertices.filter((vertex) => wanted.has(vertex.id))) {
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

interface Value {
  readonly files: Files;
  /** Of recorded vertices. */
  readonly canonical?: string;
  readonly definition?: string | undefined;
  /** What users are keyed by. */
  readonly name: string | undefined;
}

const nothing: Value = { files: [0, 0, 0], name: undefined };

function valuesOf(vertices: readonly FakeVertex[]): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const { id, op, inputs } of vertices) {
    const [base = nothing, source = base] = inputs.map((input) => values.get(input) ?? nothing);
    if (op.kind === "context" || op.kind === "image") {
      const name = op.kind === "image" ? `image ${op.files.join()}` : undefined;
      values.set(id, { files: op.files, name });
    } else if (op.kind === "run") {
      const canonical = `run ${op.text} ${op.to} on (${base.name})`;
      values.set(id, {
        files: base.files.with(op.to, ran(op.text, base.files)) as unknown as Files,
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
        canonical,
        definition,
        name: canonical,
      });
    }
  }
  return values;
}

const edits = fc.record({ at: fc.nat(30), n: fc.nat(3), file: fc.nat(2), value: fc.nat(3) });

test("solve() gives the result of a cold build and runs exactly what the model says, over random graphs and edits", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.array(edits, { maxLength: 5 }), async (first, changes) => {
      const machine = new Machine();
      const model = new Model();
      let shape = first;
      let files: Files = [0, 1, 2];
      for (const edit of [undefined, ...changes, undefined]) {
        if (edit !== undefined) {
          const at = edit.at % (shape.length + 1);
          shape = shape.map((step, index) => (index === at ? { ...step, n: edit.n } : step));
          files = files.with(edit.file, edit.value) as unknown as Files;
        }
        const vertices = graphOf(shape, files);
        const expected = model.build(vertices);
        const target = vertices.at(-1)?.id ?? "";
        const warm = build(machine, vertices);
        assert.deepEqual(await warm.result(target), expected.files);
        assert.deepEqual(await build(new Machine(), vertices).result(target), expected.files);
        const values = valuesOf(vertices);
        const runs = warm.log
          .filter((line) => line.startsWith("started "))
          .map((line) => values.get(line.slice(8))?.canonical)
          .filter((canonical) => canonical !== undefined);
        assert.deepEqual(runs.sort(), expected.runs);
      }
    }),
    { numRuns: 300 },
  );
});
