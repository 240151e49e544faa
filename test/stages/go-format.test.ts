import assert from "node:assert/strict";
import { test } from "node:test";
import { goDuration, goQuoteList } from "../../builder/stages/go-format.ts";

const durations: readonly (readonly [nanoseconds: number, text: string])[] = [
  [0, "0s"],
  [1, "1ns"],
  [1500, "1.5µs"],
  [2_500_000, "2.5ms"],
  [1e9, "1s"],
  [1.5e9, "1.5s"],
  [60e9, "1m0s"],
  [90e9, "1m30s"],
  [3600e9, "1h0m0s"],
  [3661.25e9, "1h1m1.25s"],
];

for (const [nanoseconds, text] of durations) {
  test(`goDuration() prints ${nanoseconds} ns as ${text}`, () => {
    assert.equal(goDuration(nanoseconds), text);
  });
}

const quotes: readonly (readonly [text: string, quoted: string])[] = [
  ["plain é", '"plain é"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ["tab\tline\nbell\x07nul\0", '"tab\\tline\\nbell\\anul\\x00"'],
  ["it's", '"it\'s"'],
];

for (const [text, quoted] of quotes) {
  test(`goQuoteList() prints ${JSON.stringify(text)} as ${quoted}`, () => {
    assert.equal(goQuoteList([text, "b"]), `[${quoted} "b"]`);
  });
}
