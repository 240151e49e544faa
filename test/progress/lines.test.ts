import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { lineOf, NO_REST, splitLines } from "../../builder/progress/lines.ts";

function feed(chunks: readonly Buffer[], last?: number): string[] {
  const lines: string[] = [];
  let rest = NO_REST;
  for (const chunk of chunks) {
    const next = splitLines(rest, chunk, last);
    lines.push(...next.lines);
    rest = next.rest;
  }
  return rest.length === 0 ? lines : [...lines, lineOf(rest)];
}

test("splitLines() gives the same lines wherever the chunks are cut", () => {
  const text = fc
    .array(fc.constantFrom("a", "日", "\n", "é", "👍🏽", " "), { maxLength: 40 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 6 }), (text, cuts) => {
      const bytes = Buffer.from(text);
      const places = [
        0,
        ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
        bytes.length,
      ];
      const chunks = places.slice(1).map((place, index) => bytes.subarray(places[index] ?? 0, place));
      const expected = text.split("\n");
      if (expected.at(-1) === "") expected.pop();
      assert.deepEqual(feed(chunks), expected);
    }),
  );
});

test("splitLines() keeps the last lines alone when asked for so many", () => {
  assert.deepEqual(feed([Buffer.from("1\n2\n3\n4\n")], 2), ["3", "4"]);
  assert.deepEqual(feed([Buffer.from("1"), Buffer.from("1\n2\n")], 2), ["11", "2"]);
  assert.deepEqual(feed([Buffer.from("1"), Buffer.from("1\n2\n")], 1), ["2"]);
  assert.deepEqual(feed([Buffer.from("\n\n\n")], 5), ["", "", ""]);
});

test("splitLines() breaks a line that has no end", () => {
  const lines = feed([Buffer.alloc(60_000, "x"), Buffer.alloc(60_000, "x")]);
  assert.deepEqual(
    lines.map((line) => line.length),
    [120_000],
  );
  assert.equal(splitLines(NO_REST, Buffer.alloc(70_000, "x")).rest.length, 0);
});

test("lineOf() shows what a terminal would after returns", () => {
  const table: readonly (readonly [string, string])[] = [
    ["10%\r50%\r100%", "100%"],
    ["windows\r", "windows"],
    ["10%\r50%\r", "50%"],
    ["\r", ""],
  ];
  for (const [bytes, line] of table) assert.equal(lineOf(Buffer.from(bytes)), line, JSON.stringify(bytes));
});
