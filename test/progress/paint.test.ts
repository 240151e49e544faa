import assert from "node:assert/strict";
import { mock, test } from "node:test";
import * as fc from "fast-check";
import { liveProgress } from "../../builder/progress/live.ts";
import { Painter } from "../../builder/progress/paint.ts";
import { PLAIN_STYLE } from "../../builder/progress/style.ts";
import { FakeTerminal } from "./fake-terminal.ts";
import { id, output } from "./recorded.ts";

test("Painter.paint() shows the last frame and nothing of those before, below what was there", () => {
  const line = fc.constantFrom("", "a", "bb", "ccc", "a longer line");
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 8 }), { minLength: 1, maxLength: 8 }), (frames) => {
      const terminal = new FakeTerminal(20, 10);
      terminal.write("$ tsbuild .\n");
      const painter = new Painter(terminal);
      for (const frame of frames) painter.paint(frame);
      painter.release();
      const expected = ["$ tsbuild .", ...(frames.at(-1) ?? [])];
      while (expected.at(-1) === "") expected.pop();
      assert.equal(terminal.text, expected.join("\n"));
      assert.ok(terminal.cursorShown);
    }),
  );
});

test("Painter.paint() writes only what changed, and at once", () => {
  const terminal = new FakeTerminal(80, 24);
  const painter = new Painter(terminal);
  const frame = Array.from({ length: 20 }, (_, row) => `line ${row} ${"x".repeat(60)}`);
  painter.paint(frame);
  const { bytes, writes } = terminal;
  painter.paint(frame.with(19, "changed"));
  assert.equal(terminal.writes, writes + 1, "one write a frame: a terminal shows no half of it");
  assert.ok(terminal.bytes - bytes < 60, `${terminal.bytes - bytes} bytes for one line`);
  painter.paint(frame.with(19, "changed"));
  assert.equal(terminal.writes, writes + 1, "the same frame costs nothing");
});

test("Painter.paint() hides the cursor while it paints and release() shows it", () => {
  const terminal = new FakeTerminal(80, 24);
  const painter = new Painter(terminal);
  painter.release();
  assert.equal(terminal.writes, 0, "nothing was hidden");
  painter.paint(["a"]);
  assert.equal(terminal.cursorShown, false);
  painter.release();
  assert.equal(terminal.cursorShown, true);
});

test("Painter.paint() starts over where the terminal became narrower", () => {
  const terminal = new FakeTerminal(30, 20);
  terminal.write("$ tsbuild .\n");
  const painter = new Painter(terminal);
  painter.paint(["a line of twenty-seven cells", "short", "another line of many cells"]);
  terminal.resize(10);
  painter.paint(["a line of…", "short"]);
  assert.equal(terminal.text, "$ tsbuild\n.\na line of…\nshort");
});

test("liveProgress() draws no more than 20 frames a second, ends with the whole picture and stops", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
  try {
    const terminal = new FakeTerminal(60, 24);
    const progress = liveProgress({ screen: terminal, title: "Building", style: PLAIN_STYLE });
    progress.emit({ type: "plan", steps: [{ id: id("a"), name: "RUN make", inputs: [] }] });
    progress.emit({ type: "step-started", id: id("a"), time: 0 });
    for (let time = 0; time < 1000; time++) {
      progress.emit(output("a", `line ${time}\n`, time));
      mock.timers.tick(1);
    }
    assert.ok(terminal.writes >= 10 && terminal.writes <= 21, `${terminal.writes} frames in a second`);
    assert.match(terminal.text, / => RUN make {2,}.*\n => => # line \d+/);
    progress.emit({ type: "warning", message: "take care" });
    progress.emit({ type: "step-done", id: id("a"), time: 1000 });
    progress.close();
    assert.match(
      terminal.text,
      /^\[\+\] Building 1\.0s \(1\/1\) FINISHED\n => RUN make +1\.0s\nWARNING: take care$/,
    );
    const { writes } = terminal;
    progress.close();
    progress.emit(output("a", "late\n", 2000));
    mock.timers.tick(1000);
    assert.equal(terminal.writes, writes);
    assert.ok(terminal.cursorShown);
  } finally {
    mock.timers.reset();
  }
});

test("liveProgress() goes on with the clock while nothing happens", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
  try {
    const terminal = new FakeTerminal(60, 24);
    const progress = liveProgress({ screen: terminal, title: "Building", style: PLAIN_STYLE });
    progress.emit({ type: "step-started", id: id("a"), time: 0 });
    for (let tick = 0; tick < 100; tick++) mock.timers.tick(50);
    assert.match(terminal.text, /^\[\+\] Building (4\.[89]|5\.0)s/);
    progress.close();
  } finally {
    mock.timers.reset();
  }
});

test("liveProgress() writes nothing where nothing happened", () => {
  const terminal = new FakeTerminal(60, 24);
  liveProgress({ screen: terminal, title: "Pulling", style: PLAIN_STYLE }).close();
  assert.equal(terminal.writes, 0);
});
