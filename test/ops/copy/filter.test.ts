import assert from "node:assert/strict";
import { test } from "node:test";
import { copiedLines, NOW, type CopyCase } from "./copying.ts";

const CASES: Readonly<Record<string, CopyCase & { readonly gives: readonly string[] }>> = {
  "--exclude is relative to each copied directory": {
    exclude: ["*.o", "!keep.o", "t/x"],
    from: { "s/a.o": "1", "s/keep.o": "2", "s/t/x/y": "3", "s/t/z": "4", "s/t/b.o": "5" },
    sources: ["s"],
    dest: "/d",
    gives: [
      "d directory 755 0:0",
      'd/keep.o file 644 0:0 "2"',
      "d/t directory 755 0:0",
      'd/t/b.o file 644 0:0 "5"',
      'd/t/z file 644 0:0 "4"',
    ],
  },
  "--exclude holds for what a pattern matched": {
    exclude: ["*.md"],
    from: { "hom.md": "1", "home.txt": "2" },
    sources: ["hom*"],
    dest: "/d/",
    gives: [`d directory 755 0:0 @${NOW}`, 'd/home.txt file 644 0:0 "2"'],
  },
  "--parents keeps the path": {
    parents: true,
    from: { "x/": { mode: 0o711, mtime: 7 }, "x/a": "1", "x/y/b": "2", c: "3" },
    sources: ["x/a", "x/y/*"],
    dest: "/d/",
    gives: [
      "d directory 755 0:0",
      "d/x directory 711 0:0 @7",
      'd/x/a file 644 0:0 "1"',
      "d/x/y directory 755 0:0",
      'd/x/y/b file 644 0:0 "2"',
    ],
  },
  "--parents begins at the pivot, and ** crosses directories": {
    parents: true,
    from: { "r/x/a.c": "1", "r/x/y/b.c": "2", "r/x/y/b.h": "3", "q/a.c": "4" },
    sources: ["r/./x/**/*.c"],
    dest: "/d/",
    gives: [
      "d directory 755 0:0",
      "d/x directory 755 0:0",
      'd/x/a.c file 644 0:0 "1"',
      "d/x/y directory 755 0:0",
      'd/x/y/b.c file 644 0:0 "2"',
    ],
  },
};

for (const [name, { gives, ...options }] of Object.entries(CASES)) {
  test(`planCopy(): ${name}`, async () => {
    assert.deepEqual(await copiedLines(options), gives);
  });
}
