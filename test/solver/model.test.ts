import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { importingCache } from "../../builder/cache/imports.ts";
import { selectRecords } from "../../builder/cache/select.ts";
import type { CacheMode, LocalCache } from "../../builder/cache/types.ts";
import type { CacheDocument } from "../../builder/cache/document.ts";
import type { DiffId } from "../../builder/core/digest.ts";
import type { VertexId } from "../../builder/core/events.ts";
import { forecast } from "../../builder/solver/forecast.ts";
import { Machine, build, fakeRunner, vertexOf, type Build, type FakeVertex, type Files } from "./fake.ts";
import { graphOf, shapes } from "./graphs.ts";
import { Model, valuesOf } from "./model.ts";
import { FORMATS, travel, type Format } from "./travel.ts";

const edits = fc.record({ at: fc.nat(30), n: fc.nat(3), file: fc.nat(2), value: fc.nat(3) });

/** A graph, and what becomes of it by one edit after the other; the last comes twice. */
const histories = fc.tuple(shapes, fc.array(edits, { maxLength: 5 })).map(([first, changes]) => {
  let shape = first;
  let files: Files = [0, 1, 2];
  return [undefined, ...changes, undefined].map((edit) => {
    if (edit !== undefined) {
      const at = edit.at % (shape.length + 1);
      shape = shape.map((step, index) => (index === at ? { ...step, n: edit.n } : step));
      files = files.with(edit.file, edit.value) as unknown as Files;
    }
    return graphOf(shape, files);
  });
});

/** The canonical keys of the steps that a build ran, sorted. */
function runsOf({ log }: Build, vertices: readonly FakeVertex[]): readonly string[] {
  const values = valuesOf(vertices);
  return log
    .filter((line) => line.startsWith("started "))
    .flatMap((line) => values.get(line.slice(8))?.canonical ?? [])
    .sort();
}

function targetOf(vertices: readonly FakeVertex[]): string {
  return vertices.at(-1)?.id ?? "";
}

test("solve() gives the result of a cold build and runs exactly what the model says, over random graphs and edits", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (graphs) => {
      const machine = new Machine();
      const model = new Model();
      for (const vertices of graphs) {
        const expected = model.build(vertices);
        const target = targetOf(vertices);
        const warm = build(machine, vertices);
        assert.deepEqual(await warm.result(target), expected.files);
        assert.deepEqual(await build(new Machine(), vertices).result(target), expected.files);
        assert.deepEqual(runsOf(warm, vertices), expected.runs);
      }
    }),
    { numRuns: 300 },
  );
});

/** What --cache-to gives of a build, in the form in which it travels. */
async function exported(
  machine: Machine,
  { solution }: Build,
  vertices: readonly FakeVertex[],
  { mode, format }: { readonly mode: CacheMode; readonly format: Format },
): Promise<CacheDocument> {
  const { rootfs } = await solution.result(targetOf(vertices) as VertexId);
  const result = await Promise.all(rootfs.map((layer) => layer.diffId()));
  const keys = vertices.map(({ id }) => solution.keysOf(id as VertexId));
  return travel(selectRecords(keys, machine.cache, mode, result), result, format);
}

/** What --cache-from does with it on another machine, which has its base images at hand. */
function imported(
  to: Machine,
  from: Machine,
  documents: readonly CacheDocument[],
): ReturnType<typeof importingCache> {
  const sources = documents.map((document, at) => ({
    label: `cache ${at}`,
    load: async () => document,
    open: () => assert.fail("a look-up reads no layer"),
  }));
  return importingCache({
    local: to.cache,
    sources,
    load: (source) => source.load(new AbortController().signal),
    openLayer(diffId: DiffId, offers) {
      const layer = from.layers.get(diffId);
      if (offers.length > 0 && layer !== undefined) to.layers.set(diffId, layer);
      return to.layers.has(diffId);
    },
  });
}

test("solve() with caches from another machine gives the result of a cold build and runs exactly what they lack", async () => {
  const all = { mode: fc.constantFrom<CacheMode>("min", "max"), format: fc.constantFrom(...FORMATS) };
  // An image has its own layers alone.
  const exports = fc.record(all).filter(({ mode, format }) => format !== "inline" || mode === "min");
  await fc.assert(
    fc.asyncProperty(histories, histories, exports, async (theirs, ours, how) => {
      const [there, here] = [new Machine(), new Machine()];
      const [giver, taker] = [new Model(), new Model()];
      const documents: CacheDocument[] = [];
      for (const vertices of theirs) {
        giver.build(vertices);
        const built = build(there, vertices);
        await built.result(targetOf(vertices));
        documents.push(await exported(there, built, vertices, how));
        giver.give(taker, vertices, how.mode);
      }
      for (const vertices of [...theirs, ...ours]) {
        for (const { op } of vertices) if (op.kind === "image") here.layer(JSON.stringify(op.files));
        const expected = taker.build(vertices);
        const warm = build(here, vertices, { cache: imported(here, there, documents) });
        assert.deepEqual(await warm.result(targetOf(vertices)), expected.files);
        assert.deepEqual(runsOf(warm, vertices), expected.runs);
      }
    }),
    { numRuns: 150 },
  );
});

test("forecast() says of each step what the build that follows does, and leaves nothing behind", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (graphs) => {
      const machine = new Machine();
      for (const vertices of graphs) {
        const kept = [machine.records.size, machine.aliases.size];
        const values = valuesOf(vertices);
        const forecasts = await forecast({
          vertices: vertices.map(vertexOf),
          runner: fakeRunner(machine, vertices),
          cache: machine.cache satisfies LocalCache,
          openLayers: (diffIds) => machine.open(diffIds),
          isReadable: async () => true,
          noCache: false,
          signal: new AbortController().signal,
          targets: [targetOf(vertices) as VertexId],
        });
        assert.deepEqual([machine.records.size, machine.aliases.size], kept);
        const warm = build(machine, vertices);
        await warm.result(targetOf(vertices));
        const runs = new Set(runsOf(warm, vertices));
        const said = (...verdicts: readonly string[]): Set<string> =>
          new Set(
            forecasts.flatMap(({ verdict, report }) =>
              verdicts.includes(verdict) ? (values.get(report.id)?.canonical ?? []) : [],
            ),
          );
        for (const canonical of said("run")) assert.ok(runs.has(canonical), `${canonical} did not run`);
        for (const canonical of said("hit")) assert.ok(!runs.has(canonical), `${canonical} ran`);
        const expected = said("run", "may-run");
        for (const canonical of runs) assert.ok(expected.has(canonical), `nobody foresaw ${canonical}`);
      }
    }),
    { numRuns: 300 },
  );
});
