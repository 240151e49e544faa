import assert from "node:assert/strict";
import { test } from "node:test";
import type { VertexId } from "../../builder/core/events.ts";
import { Machine, build, context, copy, image, run, step, type FakeVertex } from "./fake.ts";

/** FROM, RUN, COPY a context file, RUN; and a second stage that takes one file of the first. */
function graph(change: { first?: number; file?: number; other?: number; last?: number } = {}): FakeVertex[] {
  return [
    step("base", image(1, 1, 1)),
    step("files", context(change.file ?? 1, change.other ?? 1, 0)),
    step("first", run(change.first ?? 1, 0), "base"),
    step("add", copy(0, 1), "first", "files"),
    step("make", run(2, 2), "add"),
    step("take", copy(2, 0), "base", "make"),
    step("last", run(change.last ?? 3, 1), "take"),
  ];
}

async function ranIn(machine: Machine, vertices: readonly FakeVertex[]): Promise<string[]> {
  const { log, result } = build(machine, vertices);
  await result("last");
  const recorded = new Set(["first", "add", "make", "take", "last"]);
  return log
    .filter((line) => line.startsWith("started ") && recorded.has(line.slice(8)))
    .map((line) => line.slice(8));
}

test("solve() runs nothing and says cached for each step when nothing changed", async () => {
  const machine = new Machine();
  assert.deepEqual(await ranIn(machine, graph()), ["first", "add", "make", "take", "last"]);
  const { log, result, solution } = build(machine, graph());
  const before = machine.records.size;
  await result("last");
  assert.deepEqual(log, [
    "started files",
    "done files",
    "cached base",
    "cached first",
    "cached add",
    "cached make",
    "cached take",
    "cached last",
  ]);
  assert.equal(machine.records.size, before);
  assert.deepEqual(
    new Set(
      solution
        .report()
        .filter((v) => v.recorded)
        .map((v) => v.outcome),
    ),
    new Set(["cached"]),
  );
});

const edits: readonly [string, Parameters<typeof graph>[0], readonly string[]][] = [
  ["the last step alone when its line changed", { last: 2 }, ["last"]],
  [
    "everything after a changed first step, where the results differ",
    { first: 2 },
    ["first", "add", "make", "take", "last"],
  ],
  [
    "nothing after the copy of an equal file, where a step that ran again came out the same",
    { first: 5 },
    ["first", "add", "make"],
  ],
  ["a copy and what follows it when its file changed", { file: 2 }, ["add", "make", "take", "last"]],
  ["nothing when another file of the context changed", { other: 9 }, []],
];
for (const [what, change, expected] of edits) {
  test(`solve() runs ${what}`, async () => {
    const machine = new Machine();
    await ranIn(machine, graph());
    assert.deepEqual(await ranIn(machine, graph(change)), expected);
    assert.deepEqual(await ranIn(machine, graph(change)), [], "and nothing the next time");
    assert.deepEqual(await ranIn(machine, graph()), [], "nor after the way back");
  });
}

test("solve() opens the target's layers alone when the target is cached", async () => {
  const machine = new Machine();
  await ranIn(machine, graph());
  const { layers } = machine;
  const target = [...machine.records.values()].at(-1)?.layers ?? [];
  const open = machine.open.bind(machine);
  const opened: unknown[] = [];
  machine.open = (diffIds) => {
    opened.push(diffIds);
    return open(diffIds);
  };
  assert.deepEqual(await ranIn(machine, graph()), []);
  assert.deepEqual(opened, [target]);
  assert.ok(layers.size > target.length);
});

test("solve() takes a record for a miss when its layers are gone", async () => {
  const machine = new Machine();
  await ranIn(machine, graph());
  const last = [...machine.records.values()].at(-1)?.layers.at(-1);
  assert.ok(last);
  machine.layers.delete(last);
  const { log, result, solution } = build(machine, graph());
  await result("last");
  assert.deepEqual(
    log.filter((line) => line.startsWith("started ")),
    ["started files", "started last"],
  );
  assert.equal(solution.report().at(-1)?.lookups[0]?.answer, "gone");
});

test("solve() does not run what a cached step was made from when that has no record any more", async () => {
  const machine = new Machine();
  await ranIn(machine, graph());
  const make = [...machine.records.values()][2];
  assert.ok(make && machine.records.delete(make.key));
  const { log, result } = build(machine, graph());
  await result("last");
  assert.ok(log.includes("cached last") && !log.some((line) => line.endsWith(" make")), log.join());
});

test("solve() starts nothing ahead that turns out to be cached", async () => {
  const vertices = [
    step("base", image(1, 1, 1)),
    step("a", run(1), "base"),
    step("b", copy(0, 0), "base", "a"),
    step("c", copy(0, 1), "b"),
  ];
  const machine = new Machine();
  await build(machine, vertices).result("c");
  const [a, b] = [...machine.records.keys()];
  assert.ok(a && b && machine.records.delete(a) && machine.records.delete(b));
  const { log, result } = build(machine, vertices);
  await result("c");
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(log.includes("done a") && log.at(-1) === "cached c", log.join(", "));
});

test("solve() runs every step and renews the records with noCache", async () => {
  const machine = new Machine();
  await ranIn(machine, graph());
  const before = [...machine.records.values()];
  const { log, result, solution } = build(machine, graph(), { noCache: true });
  await result("last");
  assert.equal(log.filter((line) => line.startsWith("cached")).length, 0);
  assert.ok(solution.report().every((vertex) => vertex.lookups.length === 0 && vertex.outcome === "ran"));
  assert.deepEqual(
    [...machine.records.keys()],
    before.map((record) => record.key),
  );
  assert.ok(before.every((record) => machine.records.get(record.key) !== record));
});

test("solve() runs a renewed step and what stands on it, but not what copies an equal file from it", async () => {
  const machine = new Machine();
  await ranIn(machine, graph());
  const { log, result } = build(machine, graph(), { noCache: new Set(["first" as VertexId]) });
  await result("last");
  assert.deepEqual(
    log.filter((line) => /^started (?!base|files)/.test(line)),
    ["started first", "started add", "started make"],
  );
  assert.deepEqual(log.slice(-2), ["cached take", "cached last"]);
});

test("solve() lets everything after a renewed step see its new result, in later builds too", async () => {
  const vertices = [
    step("base", image(1, 1, 1)),
    step("date", run(-1, 0), "base"),
    step("on it", run(0, 1), "date"),
    step("copied", copy(0, 2), "on it", "date"),
  ];
  const machine = new Machine();
  assert.deepEqual(await build(machine, vertices).result("copied"), [0, 1, 0]);
  machine.clock = 1;
  assert.deepEqual(await build(machine, vertices).result("copied"), [0, 1, 0]);
  const noCache = new Set(["date" as VertexId]);
  assert.deepEqual(await build(machine, vertices, { noCache }).result("copied"), [1, 2, 1]);
  machine.clock = 2;
  assert.deepEqual(await build(machine, vertices).result("copied"), [1, 2, 1]);
  assert.deepEqual(await build(machine, vertices, { noCache: true }).result("copied"), [2, 3, 2]);
  assert.deepEqual(await build(machine, vertices).result("copied"), [2, 3, 2]);
});

test("solve() runs equal keys once in a build", async () => {
  const machine = new Machine();
  const vertices = [
    step("base", image(1, 1, 1)),
    step("one", context(7, 0, 0)),
    step("two", context(7, 5, 0)),
    step("a", copy(0), "base", "one"),
    step("b", copy(0), "base", "two"),
    step("run a", run(1), "a"),
    step("run b", run(1), "b"),
    step("both", copy(0), "run a", "run b"),
  ];
  const { log, result, solution } = build(machine, vertices);
  await result("both");
  const started = log.filter((line) => /started (a|b|run a|run b)$/.test(line));
  assert.equal(started.length, 2, log.join());
  const outcomes = solution.report().map((vertex) => vertex.outcome);
  assert.equal(outcomes.filter((outcome) => outcome === "shared").length, 2);
  assert.equal(solution.created("a" as VertexId), solution.created("b" as VertexId));
});

test("solve() keys a copy from the stage that it stands on by that stage too", async () => {
  const machine = new Machine();
  for (const [text, files] of [
    [1, [3, 1, 1]],
    [2, [0, 1, 1]],
  ] as const) {
    const vertices = [
      step("base", image(1, 1, 1)),
      step("make", run(text, 0), "base"),
      step("copy", copy(1, 2, true), "make"),
    ];
    assert.deepEqual(await build(machine, vertices).result("copy"), files);
  }
});

test("created() tells when a result was made, by whichever build", async () => {
  const machine = new Machine();
  await ranIn(machine, graph());
  for (const record of machine.records.values()) machine.records.set(record.key, { ...record, created: 5 });
  const { result, solution } = build(machine, graph({ last: 2 }));
  const start = Date.now();
  await result("last");
  const created = ["base", "files", "first", "add", "make", "take"].map((id) =>
    solution.created(id as VertexId),
  );
  assert.deepEqual(created, [undefined, undefined, 5, 5, 5, 5]);
  assert.ok((solution.created("last" as VertexId) ?? 0) >= start);
});

test("solve() ends when a copy has the key of the copy that it copies, and both must run", async () => {
  const machine = new Machine();
  const vertices = [step("files", context(1, 2, 3)), step("a", copy(0), "files"), step("b", copy(0), "a")];
  await build(machine, vertices).result("b");
  machine.layers.clear();
  assert.deepEqual(await build(machine, vertices).result("b"), [1, 0, 0]);
});

test("solve() always runs a step with an input that has no key, and records nothing of it", async () => {
  const machine = new Machine();
  const vertices = [step("files", context(1, 2, 3)), step("odd", run(1), "files")];
  for (let round = 0; round < 2; round++) {
    const { log, result } = build(machine, vertices);
    await result("odd");
    assert.ok(log.includes("started odd"));
  }
  assert.equal(machine.records.size, 0);
});

test("solve() walks a graph of 10,000 steps", async () => {
  const machine = new Machine();
  const chain = Array.from({ length: 10_000 }, (_, index) =>
    step(`s${index}`, index === 0 ? image(0, 0, 0) : run(index), ...(index === 0 ? [] : [`s${index - 1}`])),
  );
  // A layer for each step would make this a test of memory.
  const runner = { run: async () => ({ rootfs: [] }) };
  const { result, events } = build(machine, chain, { runner });
  await result("s9999");
  assert.equal(events.filter((event) => event.type === "step-done").length, 10_000);
});
