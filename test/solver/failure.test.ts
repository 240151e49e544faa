import assert from "node:assert/strict";
import { EventEmitter, getEventListeners, once } from "node:events";
import { test } from "node:test";
import type { VertexId } from "../../builder/core/events.ts";
import { Slots } from "../../builder/core/slots.ts";
import { Machine, build, context, copy, image, run, step } from "./fake.ts";

const branches = [
  step("base", image(1, 1, 1)),
  step("a", run(1), "base"),
  step("b", run(2), "base"),
  step("c", copy(0, 1), "a", "b"),
];

/** Resolves when it was called `count` times. */
function barrier(count: number): () => Promise<unknown> {
  const bell = new EventEmitter();
  const rung = once(bell, "ring");
  return () => {
    if (--count === 0) bell.emit("ring");
    return rung;
  };
}

test("solve() stops everything at the first error and tells it when all has ended", async () => {
  const both = barrier(2);
  const ended: string[] = [];
  const { log, result, solution } = build(new Machine(), branches, {
    async onRun(id, { signal }) {
      if (id === "base") return;
      await both();
      if (id === "a") throw new Error("a broke");
      await once(signal, "abort").catch(() => {});
      // An op that takes its time to clean up is waited for.
      await new Promise((resolve) => setImmediate(resolve));
      ended.push(id);
      throw new Error("b was stopped");
    },
  });
  await assert.rejects(result("c"), { message: "a broke" });
  assert.deepEqual(ended, ["b"]);
  assert.deepEqual(log.slice(-2), ["failed a", "canceled b"]);
  assert.deepEqual(
    solution.report().map((vertex) => vertex.outcome),
    ["ran", "failed", "canceled", "unused"],
  );
  await assert.rejects(result("b"), { message: "a broke" }, "nothing begins after a failure");
});

test("solve() keeps the record of a step that ended well beside one that failed", async () => {
  const machine = new Machine();
  const done = barrier(2);
  const { result, solution } = build(machine, branches, {
    async onRun(id) {
      if (id === "base") return;
      await done();
      if (id === "a") throw new Error("a broke");
    },
  });
  await assert.rejects(result("c"), { message: "a broke" });
  assert.equal(machine.records.size, 1);
  assert.equal(solution.report()[2]?.outcome, "ran");
});

test("solve() is interrupted by the caller's signal", async () => {
  const interrupt = new AbortController();
  const { log, result } = build(new Machine(), branches, {
    signal: interrupt.signal,
    slots: new Slots({ network: 1, cpu: 1, exec: 1 }),
    async onRun(id, { signal }) {
      if (id === "base") return;
      interrupt.abort();
      signal.throwIfAborted();
    },
  });
  await assert.rejects(result("c"), { code: "INTERRUPTED" });
  const [began, ...rest] = log.filter((line) => !line.endsWith("base"));
  assert.deepEqual(rest, [began?.replace("started", "canceled")], "what waited for a slot was never begun");
});

test("solve() does nothing when it is interrupted before it begins", async () => {
  const { log, result } = build(new Machine(), branches, { signal: AbortSignal.abort() });
  await assert.rejects(result("c"), { code: "INTERRUPTED" });
  assert.deepEqual(log, []);
});

test("solve() names the step whose content cannot be read", async () => {
  const { log, result } = build(new Machine(), branches, {
    runner: { content: () => Promise.reject(new Error("no such file")) },
  });
  await assert.rejects(result("c"), { message: "no such file" });
  assert.equal(log.at(-1), "failed c");
  assert.ok(!log.includes("started c"));
});

test("solve() fails with the step whose layer cannot be packed", async () => {
  const machine = new Machine();
  const layer = machine.layer.bind(machine);
  machine.layer = (content) => ({ ...layer(content), diffId: () => Promise.reject(new Error("disk full")) });
  const { log, result } = build(machine, branches.slice(0, 2));
  await assert.rejects(result("a"), { message: "disk full" });
  assert.equal(log.at(-1), "failed a");
  assert.equal(machine.records.size, 0);
});

test("solve() rejects a vertex that is not in the graph", async () => {
  const { solution } = build(new Machine(), branches);
  await assert.rejects(solution.result("x" as VertexId), { code: "INTERNAL" });
});

test("solve() runs independent steps side by side, and no more than there are slots", async () => {
  const both = barrier(2);
  await build(new Machine(), branches, {
    onRun: (id) => (id === "base" ? undefined : id === "c" ? undefined : both()),
  }).result("c");

  let running = 0;
  await build(new Machine(), branches, {
    slots: new Slots({ network: 1, cpu: 1, exec: 1 }),
    async onRun(id) {
      if (id !== "a" && id !== "b") return;
      assert.equal(++running, 1);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    },
  }).result("c");
});

test("solve() does not wait for a key to start what will be needed anyhow", async () => {
  // `join` knows its key only when `slow` has run; `base` side steps that the cache does not have start meanwhile.
  const both = barrier(2);
  const vertices = [
    step("base", image(1, 1, 1)),
    step("files", context(1, 1, 1)),
    step("slow", run(1), "base"),
    step("join", copy(0), "base", "slow"),
    step("mine", run(2), "base"),
    step("end", copy(0, 2), "mine", "join"),
  ];
  const { result } = build(new Machine(), vertices, {
    onRun: (id) => (id === "slow" || id === "mine" ? both() : undefined),
  });
  await result("end");
});

test("solve() does not look into another target's vertices", async () => {
  const vertices = [...branches, step("other", run(9), "a")];
  const { log, result, solution } = build(new Machine(), vertices);
  await result("c");
  assert.ok(!log.some((line) => line.endsWith("other")));
  assert.equal(solution.report().at(-1)?.outcome, "unused");
  await result("other");
  assert.equal(solution.report().at(-1)?.outcome, "ran");
});

test("solve() lets go of the caller's signal when it has ended", async () => {
  const { signal } = new AbortController();
  for (let round = 0; round < 3; round++) await build(new Machine(), branches, { signal }).result("c");
  const broken = build(new Machine(), branches, { signal, onRun: () => Promise.reject(new Error("x")) });
  await assert.rejects(broken.result("c"));
  assert.equal(getEventListeners(signal, "abort").length, 0);
});
