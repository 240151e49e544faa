import assert from "node:assert/strict";
import { test } from "node:test";
import { copiedLines, copied } from "./copying.ts";
import type { Bytes } from "../../../builder/core/bytes.ts";

const linked = { "s/b": "1", "s/a": { type: "hardlink", link: "s/b", size: 0 } } as const;

test("planCopy() keeps hard links within one directory", async () => {
  assert.deepEqual(await copiedLines({ from: linked, sources: ["s"], dest: "/d" }), [
    "d directory 755 0:0",
    'd/a file 644 0:0 "1"',
    "d/b hardlink 644 0:0 -> d/a",
  ]);
});

test("planCopy() makes a file of one name of a hard link, with its size", async () => {
  const editor = await copied({ from: linked, sources: ["s/a"], dest: "/x" });
  assert.deepEqual([editor.stat("x" as Bytes)?.type, editor.stat("x" as Bytes)?.size], ["file", 1]);
});

test("planCopy() makes two files of one file that is copied twice", async () => {
  const from = { f: "1", x: { link: "f" }, y: { link: "f" } };
  assert.deepEqual((await copiedLines({ from, sources: ["x", "y"], dest: "/d/" })).slice(1), [
    'd/x file 644 0:0 "1"',
    'd/y file 644 0:0 "1"',
  ]);
});

test("planCopy() makes two files of two names of one file that are two sources, or two matches of one", async () => {
  for (const sources of [["s/a", "s/b"], ["s/*"]]) {
    const lines = await copiedLines({ from: linked, sources, dest: "/d/" });
    assert.deepEqual(lines.slice(1), ['d/a file 644 0:0 "1"', 'd/b file 644 0:0 "1"']);
  }
});

test("planCopy() keeps the other names of a file of which one is overwritten", async () => {
  const from = { ...linked, "t/a": "2" };
  assert.deepEqual((await copiedLines({ from, sources: ["s", "t"], dest: "/d" })).slice(1), [
    'd/a file 644 0:0 "2"',
    'd/b file 644 0:0 "1"',
  ]);
  // A third name that comes after the overwriting must not be linked to what is there now.
  const three = { ...from, "u/c": { type: "hardlink", link: "s/b", size: 0 } } as const;
  assert.deepEqual((await copiedLines({ from: three, sources: ["s", "t", "u"], dest: "/d" })).slice(1), [
    'd/a file 644 0:0 "2"',
    'd/b file 644 0:0 "1"',
    'd/c file 644 0:0 "1"',
  ]);
});
