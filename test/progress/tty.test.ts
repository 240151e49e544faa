import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildEvent } from "../../builder/core/events.ts";
import { INITIAL, reduce } from "../../builder/progress/model.ts";
import { PLAIN_STYLE } from "../../builder/progress/style.ts";
import { renderFrame } from "../../builder/progress/tty.ts";
import { widthOf } from "../../builder/progress/width.ts";
import { assertGolden } from "./golden.ts";
import { id, output, RECORDED } from "./recorded.ts";

const options = { title: "Building", height: 24, style: PLAIN_STYLE, final: false };

/** One frame after each event that has a time, as somebody would see them who looks at every one. */
function film(width: number): string {
  let state = INITIAL;
  const frames: string[] = [];
  for (const event of RECORDED) {
    state = reduce(state, event);
    if (!("time" in event)) continue;
    frames.push(renderFrame(state, { ...options, width, now: event.time }).join("\n"));
  }
  const now = (state.began ?? 0) + 2200;
  frames.push(renderFrame(state, { ...options, width, now, height: Infinity, final: true }).join("\n"));
  return `${frames.join(`\n${"~".repeat(width)}\n`)}\n`;
}

for (const width of [40, 80, 120]) {
  test(`renderFrame() draws a build at ${width} columns`, () => {
    const frames = film(width);
    assertGolden(`progress/golden/tty-${width}.txt`, frames);
    const widest = Math.max(...frames.split("\n").map(widthOf));
    assert.ok(widest <= width, `${widest} cells in ${width} columns`);
  });
}

function frameOf(events: readonly BuildEvent[], width: number, height: number, final = false): string[] {
  const state = events.reduce(reduce, INITIAL);
  return renderFrame(state, { ...options, width, height, now: 5000, final });
}

const started = (name: string): BuildEvent => ({ type: "step-started", id: id(name), time: 0 });
const done = (name: string): BuildEvent => ({ type: "step-done", id: id(name), time: 1000 });
const names = Array.from({ length: 30 }, (_, index) => `s${index}`);

test("renderFrame() drops the oldest steps that ended where not all fit", () => {
  const events = [...names.map(started), ...names.slice(0, 25).map(done), output("s29", "a\nb\n", 1)];
  const frame = frameOf(events, 40, 10);
  assert.deepEqual(
    frame.slice(1).map((line) => line.split(/\s+/)[2]),
    ["s21", "s22", "s23", "s24", "s25", "s26", "s27", "s28", "s29"],
  );
});

test("renderFrame() never has more lines than the terminal", () => {
  const lines = "1\n2\n3\n4\n5\n6\n7\n";
  const events = [...names.map(started), ...names.map((name) => output(name, lines, 1))];
  for (const height of [1, 2, 5, 31, 40, 100, 1000]) assert.ok(frameOf(events, 40, height).length <= height);
});

test("renderFrame() divides the room for output fairly", () => {
  const events = [started("a"), started("b"), output("a", "1\n2\n3\n4\n5\n6\n", 1), output("b", "1\n2\n", 1)];
  const frame = frameOf(events, 20, 7).map((line) => line.trim().split(/ {2,}/)[0]);
  assert.deepEqual(frame, [
    "[+] Building 5.0s",
    "=> a",
    "=> => # 5",
    "=> => # 6",
    "=> b",
    "=> => # 1",
    "=> => # 2",
  ]);
});

test("renderFrame() ends with every step and the last words of the one that failed", () => {
  const failed: BuildEvent = { type: "step-failed", id: id("s3"), time: 900, message: "exit code 1" };
  const events = [
    ...names.map(started),
    output("s3", "no such file", 1),
    failed,
    ...names.slice(4).map(done),
  ];
  const frame = frameOf(events, 40, Infinity, true);
  assert.equal(frame.filter((line) => line.startsWith(" => s") || line.startsWith(" => ERROR")).length, 30);
  const at = frame.findIndex((line) => line.startsWith(" => ERROR s3"));
  assert.equal(frame[at + 1], " => => # no such file");
});

test("renderFrame() shows nothing before anything happened", () => {
  assert.deepEqual(frameOf([], 80, 24, true), []);
});
