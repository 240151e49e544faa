import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { BuildEvent } from "../../builder/core/events.ts";
import { plainProgress } from "../../builder/progress/plain.ts";
import { fakeScreen } from "./fake-screen.ts";
import { assertGolden } from "./golden.ts";
import { id, output, RECORDED } from "./recorded.ts";

function log(events: readonly BuildEvent[]): string {
  const screen = fakeScreen(false);
  const progress = plainProgress(screen);
  for (const event of events) progress.emit(event);
  progress.close();
  return screen.text;
}

const TWO: readonly BuildEvent[] = [
  {
    type: "plan",
    steps: ["a", "b"].map((name) => ({ id: id(name), name: `RUN ${name}`, inputs: [] })),
  },
  { type: "step-started", id: id("a"), time: 0 },
  { type: "step-started", id: id("b"), time: 0 },
];

const pushed = (current: number, done: boolean, time: number): BuildEvent => ({
  type: "transfer",
  task: "l",
  label: "layer abc",
  current,
  total: 1000,
  done,
  time,
});
const phase = (state: "started" | "done", time: number): BuildEvent => ({
  type: "phase",
  name: "pushing app",
  state,
  time,
});

/** The line that ends a step. */
const end = (event: BuildEvent): string => log([...TWO.slice(0, 2), event]).split("\n")[1] ?? "";

test("plainProgress() logs a build step by step", () => {
  assertGolden("progress/golden/plain.txt", log(RECORDED));
});

test("plainProgress() keeps the lines of a step together while it talks", () => {
  const text = log([...TWO, output("a", "1\n", 100), output("b", "other\n", 150), output("a", "2\n", 200)]);
  assert.match(text, /#1 0\.100 1\n#1 0\.200 2\n/);
  assert.match(text, /#2 RUN b\n#2 0\.150 other\n/);
});

test("plainProgress() gives the screen to another step when one falls silent", () => {
  const text = log([...TWO, output("a", "1\n", 100), output("b", "other\n", 700), output("a", "2\n", 1400)]);
  assert.equal(
    text,
    [
      "#1 RUN a\n#1 0.100 1\n#1 ...\n\n",
      "#2 RUN b\n#2 0.700 other\n#2 ...\n\n",
      "#1 RUN a\n#1 1.400 2\n\n",
    ].join(""),
  );
});

test("plainProgress() does not let one step have the screen for ever", () => {
  const talk = Array.from({ length: 60 }, (_, index) => output("a", `${index}\n`, index * 100));
  const text = log([...TWO, output("b", "other\n", 1), ...talk]);
  assert.ok(text.indexOf("other") < text.indexOf("0 55"), "b waits no longer than a's turn");
});

test("plainProgress() shows a waiting line when nothing else happens", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
  try {
    const screen = fakeScreen(false);
    const progress = plainProgress(screen);
    for (const event of [...TWO, output("a", "1\n", 100), output("b", "other\n", 150)]) progress.emit(event);
    mock.timers.tick(50);
    assert.doesNotMatch(screen.text, /other/);
    mock.timers.tick(2000);
    assert.match(screen.text, /#1 \.\.\.\n\n#2 RUN b\n#2 0\.150 other\n/);
    progress.close();
  } finally {
    mock.timers.reset();
  }
});

test("plainProgress() ends a step with what became of it", () => {
  assert.equal(end({ type: "step-done", id: id("a"), time: 1234 }), "#1 DONE 1.2s");
  assert.equal(end({ type: "step-cached", id: id("a"), time: 1 }), "#1 CACHED");
  assert.equal(end({ type: "step-canceled", id: id("a"), time: 1 }), "#1 CANCELED");
  const failed = { type: "step-failed", id: id("a"), time: 1, message: "exit code 2\x1b[2J" } as const;
  assert.equal(end(failed), "#1 ERROR: exit code 2");
});

test("plainProgress() prints the last line of a step although it has no end", () => {
  const done = { type: "step-done", id: id("a"), time: 2 } as const;
  assert.match(log([...TWO.slice(0, 2), output("a", "half", 1), done]), /#1 0\.002 half\n#1 DONE/);
});

test("plainProgress() loses nothing when the build is cut short", () => {
  const text = log([...TWO, output("a", "half", 1), output("b", "whole\nhalf", 2)]);
  assert.match(text, /#1 0\.002 half\n/);
  assert.match(text, /#2 0\.002 whole\n#2 0\.002 half\n/);
});

test("plainProgress() numbers phases and transfers of no step like steps", () => {
  assert.equal(
    log([pushed(0, false, 0), pushed(1000, true, 300)]),
    "#1 layer abc\n#1 layer abc 1kB / 1kB 0.3s done\n\n",
  );
  assert.equal(
    log([
      phase("started", 0),
      pushed(0, false, 0),
      pushed(500, false, 6000),
      pushed(1000, true, 7000),
      phase("done", 7100),
    ]),
    "#1 pushing app\n#1 layer abc 500B / 1kB 6.0s\n#1 layer abc 1kB / 1kB 7.0s done\n#1 DONE 7.1s\n\n",
  );
});

test("plainProgress() writes seldom however many lines come", () => {
  const screen = fakeScreen(false);
  let writes = 0;
  const progress = plainProgress({ ...screen, write: () => void writes++ });
  for (const event of TWO) progress.emit(event);
  const before = writes;
  for (let line = 0; line < 10_000; line++) progress.emit(output("a", "x\n", 1));
  progress.close();
  assert.ok(writes - before < 1000, `${writes - before} writes for 10,000 lines`);
});
