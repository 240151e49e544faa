import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { pad, truncate, widthOf } from "../../builder/progress/width.ts";

test("widthOf() counts the cells of a terminal", () => {
  const table: readonly (readonly [string, number])[] = [
    ["", 0],
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本語", 6],
    ["ｱ", 1],
    ["Ａ", 2],
    ["한글", 4],
    ["👍", 2],
    ["👍🏽", 2],
    ["👨‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["☀\ufe0f", 2],
    ["a\u200bb", 2],
    ["→ ✓", 3],
    ["1", 1],
  ];
  for (const [text, width] of table) assert.equal(widthOf(text), width, JSON.stringify(text));
});

test("truncate() cuts at a character and marks it", () => {
  const table: readonly (readonly [string, number, string])[] = [
    ["abc", 3, "abc"],
    ["abcd", 3, "ab…"],
    ["日本語", 6, "日本語"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["日本語", 2, "…"],
    ["abc", 0, ""],
    ["abc", 1, "…"],
  ];
  for (const [text, width, cut] of table) assert.equal(truncate(text, width), cut, `${text} in ${width}`);
});

test("truncate() never exceeds the width and pad() fills it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), fc.nat(40), (text, width) => {
      const cut = truncate(text, width);
      assert.ok(widthOf(cut) <= width);
      assert.equal(widthOf(pad(cut, width)), width);
    }),
  );
});

test("truncate() does not measure megabytes", () => {
  const before = process.cpuUsage();
  assert.equal(widthOf(truncate("é".repeat(5_000_000), 80)), 80);
  assert.ok(process.cpuUsage(before).user < 2_000_000);
});
