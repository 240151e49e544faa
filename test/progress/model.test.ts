import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildEvent } from "../../builder/core/events.ts";
import { INITIAL, reduce, TAIL, type ProgressState } from "../../builder/progress/model.ts";
import { id, output, RECORDED } from "./recorded.ts";

function after(events: readonly BuildEvent[]): ProgressState {
  return events.reduce(reduce, INITIAL);
}

test("reduce() follows a build to its end", () => {
  const state = after(RECORDED);
  assert.deepEqual(
    state.steps.map((step) => [step.key, step.status, (step.ended ?? 0) - step.started]),
    [
      ["context", "done", 40],
      ["base", "done", 960],
      ["apt", "cached", 0],
      ["make", "done", 1000],
      ["assets", "done", 470],
      ["phase:exporting layers", "done", 100],
    ],
  );
  assert.equal(state.ended, 5, "the phase is no planned step");
  assert.deepEqual(state.remarks, ['WARNING: Stage name "Builder" is not lower-case']);
  assert.deepEqual(state.phases, []);
});

test("reduce() leaves the state before as it was", () => {
  let state = INITIAL;
  for (const event of RECORDED) {
    const before = JSON.stringify(state);
    const next = reduce(state, event);
    assert.equal(JSON.stringify(state), before);
    state = next;
  }
});

test("reduce() keeps the last lines of a step and what has no end yet", () => {
  const many = Array.from({ length: 20 }, (_, line) => `line ${line}\n`).join("");
  const state = after([{ type: "step-started", id: id("a"), time: 0 }, output("a", `${many}half`, 1)]);
  const [step] = state.steps;
  assert.deepEqual(step?.tail, ["line 14", "line 15", "line 16", "line 17", "line 18", "line 19"]);
  assert.equal(step?.tail.length, TAIL);
  assert.equal(step?.rests.stdout.toString(), "half");
});

test("reduce() joins standard output and standard error line by line", () => {
  const state = after([
    output("a", "out", 0, "stdout"),
    output("a", "err\n", 1, "stderr"),
    output("a", "put\n", 2, "stdout"),
  ]);
  assert.deepEqual(state.steps[0]?.tail, ["err", "output"]);
});

test("reduce() follows a transfer with its step until it is done", () => {
  const base = { type: "transfer", task: "l", label: "layer", id: id("a"), total: 10 } as const;
  const running = after([
    { ...base, current: 0, done: false, time: 5 },
    { ...base, current: 4, done: false, time: 9 },
  ]);
  assert.deepEqual(running.steps[0]?.transfers, [
    { task: "l", label: "layer", current: 4, total: 10, started: 5 },
  ]);
  const done = reduce(running, { ...base, current: 10, done: true, time: 12 });
  assert.deepEqual(done.steps[0]?.transfers, []);
  assert.equal(done.steps[0]?.status, "running", "the step goes on");
});

test("reduce() shows a transfer of nobody as a step of its own", () => {
  const base = { type: "transfer", task: "l", label: "layer abc", current: 1 } as const;
  const state = after([
    { ...base, done: false, time: 5 },
    { ...base, done: true, time: 9 },
  ]);
  assert.deepEqual(
    state.steps.map(({ name, status }) => [name, status]),
    [["layer abc", "done"]],
  );
});

test("reduce() counts a step once although it ends twice", () => {
  const state = after([
    { type: "plan", steps: [{ id: id("a"), name: "A", inputs: [] }] },
    { type: "step-cached", id: id("a"), time: 1 },
    { type: "step-done", id: id("a"), time: 2 },
  ]);
  assert.equal(state.ended, 1);
});

test("reduce() takes 10,000 lines and keeps the last few, and every other step as it is", () => {
  const steps = Array.from({ length: 100 }, (_, index) => id(`s${index}`));
  const before = after(steps.map((step): BuildEvent => ({ type: "step-started", id: step, time: 0 })));
  let state = before;
  for (let line = 0; line < 10_000; line++) state = reduce(state, output("s50", `line ${line}\n`, line));
  assert.equal(state.steps[50]?.tail.at(-1), "line 9999");
  assert.ok((state.steps[50]?.tail.length ?? Infinity) < 100);
  for (const place of [0, 49, 51, 99]) assert.equal(state.steps[place], before.steps[place]);
});

test("reduce() says what a step waits for, and takes no waiting for its time", () => {
  const step = { id: id("make"), name: "RUN make", inputs: [] };
  const waiting: readonly BuildEvent[] = [
    { type: "plan", steps: [step] },
    { type: "step-waiting", id: step.id, for: "slot", time: 100 },
  ];
  assert.deepEqual(after(waiting).steps[0]?.tail, ["waiting: as many steps run as --jobs lets"]);
  const run: readonly BuildEvent[] = [
    { type: "step-started", id: step.id, time: 900 },
    { type: "step-done", id: step.id, time: 1000 },
  ];
  const [done] = after([...waiting, ...run]).steps;
  assert.deepEqual([done?.status, done?.started, done?.ended, done?.tail], ["done", 900, 1000, []]);
});
