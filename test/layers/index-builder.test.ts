import assert from "node:assert/strict";
import { test } from "node:test";
import type { LayerChange } from "../../builder/layers/types.ts";
import { IndexBuilder } from "../../builder/layers/index-builder.ts";
import { readTar } from "../../builder/layers/read-tar.ts";
import { piecesOf } from "./helpers.ts";
import { END, forge, type Forged } from "./tar-forge.ts";

async function indexed(...members: readonly Forged[]): Promise<readonly LayerChange[]> {
  const builder = new IndexBuilder();
  await readTar(piecesOf(Buffer.concat([...members.map(forge), END])), builder);
  return builder.finish().changes;
}

/** The changes as text: kind or type, path, link. */
async function shown(...members: readonly Forged[]): Promise<string[]> {
  return (await indexed(...members)).map((change) => {
    if (change.kind !== "entry") return `${change.kind} ${change.path}`;
    const { type, path, link } = change.entry;
    return [type, path, link].filter((part) => part !== undefined).join(" ");
  });
}

const file = (name: string, data = ""): Forged => ({ name, data });
const directory = (name: string): Forged => ({ name, type: "5" });
const symlink = (name: string, link: string): Forged => ({ name, type: "2", link });
const hardlink = (name: string, link: string): Forged => ({ name, type: "1", link });

const cases: readonly [string, readonly Forged[], readonly string[]][] = [
  [
    "sorts",
    [file("b"), file("a-c"), file("a/b"), directory("a")],
    ["directory a", "file a/b", "file a-c", "file b"],
  ],
  ["takes the last of two entries", [file("a", "1"), symlink("a", "x")], ["symlink a x"]],
  ["forgets what a file replaced", [directory("d"), file("d/a"), file("d")], ["file d"]],
  [
    "forgets it even where a directory comes back",
    [directory("d"), file("d/a"), file("d"), directory("d"), file("d/b")],
    ["directory d", "file d/b"],
  ],
  [
    "keeps what is in a directory that comes twice",
    [directory("d"), file("d/a"), directory("d")],
    ["directory d", "file d/a"],
  ],
  ["drops a whiteout beside a file", [file("a"), file(".wh.a")], ["file a"]],
  [
    "makes a directory beside its whiteout opaque",
    [file(".wh.d"), directory("d"), file("d/a")],
    ["directory d", "opaque d", "file d/a"],
  ],
  [
    "keeps whiteouts that come after their siblings",
    [file("d/b"), file("d/.wh.a")],
    ["whiteout d/a", "file d/b"],
  ],
  [
    "follows a symlink of its own",
    [directory("usr"), symlink("lib", "usr/lib"), file("lib/a")],
    ["symlink lib usr/lib", "directory usr", "file usr/lib/a"],
  ],
  [
    "keeps symlinks inside the root",
    [symlink("up", "../../etc"), file("up/passwd")],
    ["file etc/passwd", "symlink up ../../etc"],
  ],
  [
    "follows absolute symlinks from the root",
    [symlink("a/l", "/x/y"), file("a/l/f")],
    ["symlink a/l /x/y", "file x/y/f"],
  ],
  [
    "puts the first name of a file first",
    [file("z", "1"), hardlink("a", "z"), hardlink("m", "z")],
    ["file a", "hardlink m a", "hardlink z a"],
  ],
  [
    "ends chains of hard links",
    [file("a", "1"), hardlink("b", "a"), hardlink("c", "b")],
    ["file a", "hardlink b a", "hardlink c a"],
  ],
  [
    "copies a hard link to a symlink",
    [symlink("a", "x"), hardlink("b", "a")],
    ["symlink a x", "symlink b x"],
  ],
  ["keeps a hard link to a lower layer", [hardlink("b", "below")], ["hardlink b below"]],
];

for (const [name, members, expected] of cases) {
  test(`IndexBuilder ${name}`, async () => {
    assert.deepEqual(await shown(...members), expected);
  });
}

test("IndexBuilder keeps where bytes lie when the first name moves", async () => {
  const [first] = await indexed(file("z", "12345"), hardlink("a", "z"));
  assert.equal(
    first?.kind === "entry" ? `${first.entry.path} ${first.entry.size} ${first.offset}` : "",
    "a 5 512",
  );
});

test("IndexBuilder keeps the last /etc/passwd, within bounds", async () => {
  const changes = await indexed(
    file("etc/passwd", "old"),
    file("./etc/passwd", "new"),
    file("etc/group", "x".repeat(70_000)),
  );
  const data = changes.map((change) => (change.kind === "entry" ? change.data : undefined));
  assert.deepEqual(data, [undefined, "new"]);
});

test("IndexBuilder refuses a file below a file", async () => {
  await assert.rejects(shown(file("a"), file("a/b")), /"a\/b" lies below "a", which is not a directory/);
});

test("IndexBuilder refuses a hard link to a directory", async () => {
  await assert.rejects(shown(directory("d"), hardlink("a", "d")), /"a" is a hard link to the directory "d"/);
});

test("IndexBuilder refuses circles and mazes of symlinks", async () => {
  await assert.rejects(shown(symlink("a", "b"), symlink("b", "a"), file("a/f")), /circle of symbolic links/);
  const maze = Array.from({ length: 30 }, (_, i) => symlink(`l${i}`, `l${i + 1}/../l${i + 1}`));
  await assert.rejects(shown(...maze, file("l0/f")), /(circle|maze) of symbolic links/);
});

test("IndexBuilder takes time in proportion to what flips between file and directory", async () => {
  const members: Forged[] = [];
  for (let i = 0; i < 4000; i++) members.push(directory("d"), file(`d/${i}`), file("d"));
  assert.deepEqual(await shown(...members), ["file d"]);
});
