import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "../../builder/dockerfile/duration.ts";

/** Go's time.ParseDuration. */
const CASES: readonly (readonly [string, number | undefined])[] = [
  ["30s", 30e9],
  ["1m30s", 90e9],
  ["1.5h", 5400e9],
  [".5s", 0.5e9],
  ["5.s", 5e9],
  ["100ms", 1e8],
  ["1us", 1000],
  ["1µs", 1000],
  ["7ns", 7],
  ["0", 0],
  ["-1s", -1e9],
  ["+1s", 1e9],
  ["", undefined],
  ["5", undefined],
  ["s", undefined],
  [".s", undefined],
  ["5 s", undefined],
  ["1d", undefined],
  ["9999999h", undefined],
];

for (const [text, nanoseconds] of CASES) {
  test(`parseDuration() reads "${text}"`, () => assert.equal(parseDuration(text), nanoseconds));
}
