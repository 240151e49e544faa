import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { sanitize, sanitizeKeepingColour } from "../../builder/progress/sanitize.ts";

const TABLE: readonly (readonly [text: string, clean: string, coloured?: string])[] = [
  ["plain 日本", "plain 日本"],
  ["\x1b[31mred\x1b[0m", "red", "\x1b[31mred\x1b[0m"],
  ["\x1b[1;38;5;208mx", "x", "\x1b[1;38;5;208mx\x1b[0m"],
  ["a\x1b[2Jb\x1b[10;1Hc", "abc"],
  ["\x1b]0;title\x07x", "x"],
  ["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"],
  ["\x1bPq#0\x1b\\x", "x"],
  ["\x9b31mx\x9dtitle\x9cy", "xy"],
  ["\x1b(Bx\x1bc", "x"],
  ["unfinished \x1b[", "unfinished "],
  ["unfinished \x1b]0;title", "unfinished "],
  ["a\x00b\x07c\x7f", "abc"],
  ["right\u202eleft", "rightleft"],
  ["a\tb", "a       b", "a\tb"],
];

test("sanitize() leaves nothing that moves a terminal", () => {
  for (const [text, clean] of TABLE) assert.equal(sanitize(text), clean, JSON.stringify(text));
});

test("sanitizeKeepingColour() keeps colours alone, and ends them", () => {
  for (const [text, clean, coloured = clean] of TABLE) {
    if (text.includes("\t")) continue;
    assert.equal(sanitizeKeepingColour(text), coloured, JSON.stringify(text));
  }
});

test("sanitize() lets no escape through whatever comes", () => {
  const unit = fc.constantFrom(
    "\x1b",
    "[",
    "]",
    "3",
    "1",
    "m",
    ";",
    "\x07",
    "\\",
    "P",
    "\x9b",
    "\x9d",
    "x",
    "\0",
    "\t",
  );
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 30 }), (units) => {
      const text = units.join("");
      assert.doesNotMatch(sanitize(text), /[\x00-\x1f\x7f-\x9f]/);
      const withoutColours = sanitizeKeepingColour(text).replace(/\x1b\[[\d;:]*m/g, "");
      assert.doesNotMatch(withoutColours, /[\x00-\x08\x0a-\x1f\x7f-\x9f]/);
    }),
  );
});

test("sanitize() takes time in proportion to the text", () => {
  const hostile = ["\x1b]".repeat(50_000), "\x1b[".repeat(50_000), `\x1b[${"0;".repeat(50_000)}`];
  for (const text of hostile) {
    const before = process.cpuUsage();
    sanitize(text);
    sanitizeKeepingColour(text);
    assert.ok(process.cpuUsage(before).user < 4_000_000, "100 kB are cleaned at once");
  }
});
