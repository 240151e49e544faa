import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError } from "../../builder/core/errors.ts";
import { copiesOntoEmptyRoot } from "../../builder/ops/copy/plan.ts";
import { copied, copiedLines, NOW, opOf, type CopyCase } from "../ops/copy/copying.ts";
import type { MemoryFile } from "../support/memory-tree.ts";

/** What a copy adds to a root filesystem or changes in it: lines of the tree that were not there before. */
async function added(options: CopyCase): Promise<readonly string[]> {
  const before = new Set(await copiedLines({ ...options, sources: [] }));
  return (await copiedLines(options)).filter((line) => !before.has(line));
}

async function refused(options: CopyCase): Promise<string> {
  try {
    await copied(options);
  } catch (error) {
    if (error instanceof TsbuildError) return error.message;
    throw error;
  }
  return assert.fail("it was copied");
}

const THERE = `@${NOW}`;

test("rule 27: a source stays inside its root, must be there if it is literal, and need not if it is a pattern", async () => {
  const from = { "real/a": "1", link: { link: "/real" }, out: { link: "../../real/a" } };
  const gives = ['d/a file 644 0:0 "1"'];
  for (const source of ["../../real/a", "/real/a", "link/a"]) {
    assert.deepEqual(
      await added({ into: { "d/": {} }, from, sources: [source], dest: "/d/" }),
      gives,
      source,
    );
  }
  assert.deepEqual(await added({ into: { "d/": {} }, from, sources: ["out"], dest: "/d/" }), [
    'd/out file 644 0:0 "1"',
  ]);
  assert.match(await refused({ from, sources: ["none"], dest: "/d/" }), /does not exist/);
  assert.deepEqual(await added({ from, sources: ["none*"], dest: "/d/" }), []);
});

test("rule 28: a pattern is matched with whole paths, its plain beginning follows links, directories give their contents", async () => {
  const from = { "s/a.c": "1", "s/x/b.c": "2", "s/d.c/e": "3", link: { link: "s" } };
  const take = (source: string): Promise<readonly string[]> =>
    added({ into: { "d/": {} }, from, sources: [source], dest: "/d/" });
  assert.deepEqual(await take("s/*.c"), ['d/a.c file 644 0:0 "1"', 'd/e file 644 0:0 "3"']);
  assert.deepEqual(await take("link/*.c"), ['d/a.c file 644 0:0 "1"', 'd/e file 644 0:0 "3"']);
  assert.deepEqual(await take("*/*/b.c"), ['d/b.c file 644 0:0 "2"']);
  assert.deepEqual(await take("s/**/b.c"), ['d/b.c file 644 0:0 "2"']);
  assert.deepEqual(await take("**/b.c"), []);
  assert.match(await refused({ from, sources: ["s/[z"], dest: "/d/" }), /malformed/);
});

test("rule 29: of a directory the contents are copied, a file goes into what is or ends like a directory", async () => {
  const from = { "s/a": "1", "s/b": "2" };
  const file = 'd/a file 644 0:0 "1"';
  const made = `d directory 755 0:0 ${THERE}`;
  const options = { from, sources: ["s/a"] };
  assert.deepEqual(await added({ ...options, dest: "/d/" }), [made, file]);
  assert.deepEqual(await added({ ...options, into: { "d/": {} }, dest: "/d" }), [file]);
  assert.deepEqual(await added({ ...options, dest: "/d" }), ['d file 644 0:0 "1"']);
  assert.deepEqual(await added({ from, sources: ["s"], dest: "/d", into: { "d/": {} } }), [
    file,
    'd/b file 644 0:0 "2"',
  ]);
  assert.deepEqual(await added({ from, sources: ["s/a", "s/b"], dest: "/d" }), ['d file 644 0:0 "2"']);
});

test("rule 30: the destination follows links inside the root, below it links are replaced or in the way", async () => {
  const into = { "real/": {}, d: { link: "/../real" }, "keep/": {} };
  assert.deepEqual(await added({ into, from: { a: "1" }, sources: ["a"], dest: "/d/" }), [
    'real/a file 644 0:0 "1"',
  ]);
  const link: Record<string, MemoryFile> = { "d/l": { link: "/keep/x" }, "keep/x": "0" };
  assert.deepEqual(await added({ into: link, from: { "s/l": "1" }, sources: ["s"], dest: "/d" }), [
    'd/l file 644 0:0 "1"',
  ]);
  const toDirectory = { "d/t": { link: "/keep" }, "keep/": {} };
  assert.match(
    await refused({ into: toDirectory, from: { "s/t/x": "" }, sources: ["s"], dest: "/d" }),
    /it is a symlink/,
  );
  assert.match(
    await refused({ into: { "d/a/": {} }, from: { "s/a": "" }, sources: ["s"], dest: "/d" }),
    /it is a directory/,
  );
});

test("rule 31: the destination keeps mode and owner and takes the time, directories below become as copied", async () => {
  const into = { "d/": { mode: 0o700, uid: 5, gid: 6 }, "d/t/": { mode: 0o700, uid: 5, gid: 6 } };
  const from = { "s/": { mode: 0o711, mtime: 7 }, "s/t/": { mode: 0o751, mtime: 8 } };
  assert.deepEqual(await added({ into, from, sources: ["s"], dest: "/d" }), [
    "d directory 700 5:6 @7",
    "d/t directory 751 0:0 @8",
  ]);
});

/** The parents `p` and `p/q`, as they are made. */
function parentsOf(mode: string): readonly string[] {
  return ["p", "p/q"].map((path) => `${path} directory ${mode} 5:6 ${THERE}`);
}

test("rule 32: missing parents are 0755, owned by --chown, and have the mode of an octal --chmod", async () => {
  const options = { from: { a: "1" }, sources: ["a"], dest: "/p/q/", owner: { uid: 5, gid: 6 } };
  const parents = async (chmod?: string): Promise<readonly string[]> =>
    (await added({ ...options, ...(chmod === undefined ? {} : { chmod }) })).slice(0, 2);
  assert.deepEqual(await parents(), parentsOf("755"));
  assert.deepEqual(await parents("644"), parentsOf("644"));
  assert.deepEqual(await parents("u=rw,go="), parentsOf("755"));
  const symbolic = await added({
    from: { "s/x": { data: "1", mode: 0o744 }, "s/y": { data: "2", mode: 0o600 } },
    sources: ["s"],
    dest: "/",
    chmod: "go=rX",
  });
  assert.deepEqual(symbolic, ['x file 755 0:0 "1"', 'y file 644 0:0 "2"']);
});

test("rule 33: files of the context are root's and those of a stage keep their owner, modes, times, links and devices", async () => {
  const from: Record<string, MemoryFile> = {
    "s/a": { data: "1", uid: 7, gid: 8, mode: 0o4755, mtime: 9 },
    "s/b": { type: "hardlink", link: "s/a", uid: 7, gid: 8, mode: 0o4755, mtime: 9 },
    "s/l": { link: "a", uid: 7, gid: 8 },
    "s/null": { type: "character", major: 1, minor: 3, mode: 0o666 },
  };
  const files = async (keepOwner: boolean): Promise<readonly string[]> =>
    added({ from, keepOwner, sources: ["s"], dest: "/" });
  assert.deepEqual(await files(true), [
    'a file 4755 7:8 "1" @9',
    "b hardlink 4755 7:8 -> a @9",
    "l symlink 777 7:8 -> a",
    "null character 666 0:0",
  ]);
  assert.deepEqual(
    (await files(false)).map((line) => line.split(" ")[3]),
    ["0:0", "0:0", "0:0", "0:0"],
  );
});

test("rule 34: --link copies onto an empty root, and does not where --chmod is given", async () => {
  const op = opOf({ from: {}, sources: ["a"], dest: "/d/", link: true });
  assert.equal(copiesOntoEmptyRoot(op), true);
  assert.equal(copiesOntoEmptyRoot({ ...op, chmod: "644" }), false);
  assert.equal(copiesOntoEmptyRoot({ ...op, link: false }), false);
});

test("rule 37: --exclude is matched below each copied root, --parents from the pivot on", async () => {
  const from = { "s/a.md": "1", "s/t/b.md": "2", "s/t/keep.md": "3", "s/c": "4", other: "5" };
  const rest = await added({ from, sources: ["s"], dest: "/", exclude: ["*.md", "t/*.md", "!t/keep.md"] });
  assert.deepEqual(rest, ['c file 644 0:0 "4"', "t directory 755 0:0", 't/keep.md file 644 0:0 "3"']);
  const pivot = { into: { "d/": {} }, from, dest: "/d/", parents: true };
  assert.deepEqual(await added({ ...pivot, sources: ["s/./t/*.md"] }), [
    "d/t directory 755 0:0",
    'd/t/b.md file 644 0:0 "2"',
    'd/t/keep.md file 644 0:0 "3"',
  ]);
  assert.deepEqual(await added({ ...pivot, sources: ["**/*.md"] }), [
    "d/s directory 755 0:0",
    'd/s/a.md file 644 0:0 "1"',
    "d/s/t directory 755 0:0",
    'd/s/t/b.md file 644 0:0 "2"',
    'd/s/t/keep.md file 644 0:0 "3"',
  ]);
  assert.deepEqual(await added({ ...pivot, sources: ["*/./t/b*"] }), [
    'd/other file 644 0:0 "5"',
    "d/t directory 755 0:0",
    'd/t/b.md file 644 0:0 "2"',
  ]);
  assert.deepEqual(await added({ ...pivot, sources: ["s/*/./*", "none*/./x"] }), [
    'd/a.md file 644 0:0 "1"',
    'd/b.md file 644 0:0 "2"',
    'd/c file 644 0:0 "4"',
    'd/keep.md file 644 0:0 "3"',
  ]);
  assert.match(await refused({ ...pivot, sources: ["s/./none"] }), /does not exist/);
  assert.deepEqual(await added({ ...pivot, sources: ["none/*"] }), []);
});
