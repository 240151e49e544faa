import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isArchiveHead, readTarTree } from "../../builder/context/tar-tree.ts";
import { TreeContext } from "../../builder/context/tree-context.ts";
import type { Bytes } from "../../builder/core/bytes.ts";
import { sha256 } from "../../builder/core/digest.ts";
import type { Tree } from "../../builder/core/entry.ts";
import { readRange } from "../../builder/core/read-range.ts";
import { resolveInTree } from "../../builder/core/resolve.ts";
import { END, forge, type Forged } from "../layers/tar-forge.ts";

interface Read extends Disposable {
  readonly tree: Tree;
}

async function read(archive: Buffer): Promise<Read> {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  const dispose = (): void => rmSync(directory, { recursive: true });
  async function* source(): AsyncGenerator<Buffer> {
    for (let at = 0; at < archive.length; at += 700) yield archive.subarray(at, at + 700);
  }
  try {
    return { tree: await readTarTree(source(), join(directory, "spool")), [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

function tar(...members: readonly Forged[]): Buffer {
  return Buffer.concat([...members.map(forge), END]);
}

/** `path type`, and a file's text. */
function lines(tree: Tree, from = "" as Bytes): string[] {
  return tree.list(from).flatMap((name) => {
    const path = (from === "" ? name : `${from}/${name}`) as Bytes;
    const entry = tree.stat(path);
    if (entry?.type === "directory") return [`${path}/`, ...lines(tree, path)];
    if (entry?.type !== "file") return [`${path} ${entry?.type} ${entry?.link ?? ""}`];
    const content = tree.content(path);
    const text =
      content.kind === "range" ? readRange(content.path, content.offset, content.size).toString() : "";
    assert.equal(tree.hash(path), sha256(text));
    return [`${path} ${JSON.stringify(text)}`];
  });
}

test("an archive is a tree, its bytes in the spool", async () => {
  using archive = await read(
    tar(
      { name: "./d/", type: "5", mode: "0000700" },
      { name: "./d/a", data: "1" },
      { name: "e/f", data: "22" },
    ),
  );
  assert.deepEqual(lines(archive.tree), ["d/", 'd/a "1"', "e/", 'e/f "22"']);
  assert.equal(archive.tree.stat("d" as Bytes)?.mode, 0o700);
});

const WRITERS: Readonly<Record<string, readonly string[]>> = {
  gzip: ["gzip"],
  bzip2: ["bzip2"],
  xz: ["xz"],
  zstd: ["zstd"],
};
for (const [name, [program = "", ...args]] of Object.entries(WRITERS)) {
  test(`an archive compressed with ${name} is one, and known as one`, async (t) => {
    let packed: Buffer;
    try {
      packed = execFileSync(program, [...args, "-c"], { input: tar({ name: "a", data: "1" }) });
    } catch {
      return t.skip(`${program} is not installed`);
    }
    assert.ok(isArchiveHead(packed.subarray(0, 512)));
    using archive = await read(packed);
    assert.deepEqual(lines(archive.tree), ['a "1"']);
  });
}

test("isArchiveHead() says no to a Dockerfile, to zeros and to nothing", () => {
  for (const head of ["FROM scratch\n".repeat(50), "", "\0".repeat(512)])
    assert.equal(isArchiveHead(Buffer.from(head)), false);
  assert.equal(isArchiveHead(tar({ name: "a" }).subarray(0, 512)), true);
});

test("symbolic links of an archive lead to places in it alone (ATTACKS 9)", async () => {
  using archive = await read(
    tar(
      { name: "out", type: "2", link: "../../../../etc" },
      { name: "passwd", type: "2", link: "/etc/passwd" },
      { name: "etc/", type: "5" },
      { name: "out/shadow", data: "mine" },
    ),
  );
  const { tree } = archive;
  assert.deepEqual(lines(tree), [
    "etc/",
    'etc/shadow "mine"',
    "out symlink ../../../../etc",
    "passwd symlink /etc/passwd",
  ]);
  assert.equal(resolveInTree(tree, "passwd", true).entry, undefined);
  assert.equal(new TreeContext("-", tree).readFile("passwd"), undefined);
  assert.equal(new TreeContext("-", tree).readFile("out/shadow")?.toString(), "mine");
});

test("what comes later in an archive replaces what was there", async () => {
  using archive = await read(
    tar(
      { name: "a", data: "1" },
      { name: "a", data: "2" },
      { name: "d/x", data: "x" },
      { name: "d", data: "file" },
    ),
  );
  assert.deepEqual(lines(archive.tree), ['a "2"', 'd "file"']);
});

test("hard links are names of one file, also when the first name is replaced", async () => {
  using archive = await read(
    tar({ name: "a", data: "1" }, { name: "b", type: "1", link: "a" }, { name: "c", type: "1", link: "./b" }),
  );
  const { tree } = archive;
  assert.deepEqual(lines(tree), ['a "1"', 'b "1"', 'c "1"']);
  assert.equal(new Set(["a", "b", "c"].map((name) => tree.linkId?.(name as Bytes))).size, 1);
  using replaced = await read(
    tar({ name: "a", data: "1" }, { name: "b", type: "1", link: "a" }, { name: "a", data: "2" }),
  );
  assert.deepEqual(lines(replaced.tree), ['a "2"', 'b "1"']);
  assert.equal(replaced.tree.linkId?.("a" as Bytes), undefined);
});

const refused: readonly (readonly [name: string, archive: Buffer, message: RegExp])[] = [
  ["a way out", tar({ name: "../../etc/passwd", data: "x" }), /has ".." in its name/],
  [
    "a hard link to nothing",
    tar({ name: "b", type: "1", link: "/etc/passwd" }),
    /which is no file before it/,
  ],
  [
    "a hard link to a directory",
    tar({ name: "d/", type: "5" }, { name: "b", type: "1", link: "d" }),
    /no file/,
  ],
  ["half a file", tar({ name: "a", data: "x".repeat(2000) }).subarray(0, 1024), /archive/],
];
for (const [name, archive, message] of refused) {
  test(`an archive with ${name} is refused`, async () => {
    await assert.rejects(read(archive), { code: "ARCHIVE_INVALID", message });
  });
}

test("a context of an archive shows every file as root's, and reads no ignore file (rule 38)", async () => {
  using archive = await read(
    tar({ name: ".dockerignore", data: "a" }, { name: "a", uid: "0001750", data: "1" }),
  );
  const context = new TreeContext("-", archive.tree);
  assert.equal(context.stat("a" as Bytes)?.uid, 0);
  assert.equal(context.ignoredBy(), undefined);
  assert.deepEqual(context.list("" as Bytes), [".dockerignore", "a"]);
  const content = context.content("a" as Bytes);
  assert.ok(content.kind === "range" && readFileSync(content.path).length > 0);
});
