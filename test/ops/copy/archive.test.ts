import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { pack, type Header as TarHeader } from "tar-stream";
import type { Content, Tree } from "../../../builder/core/entry.ts";
import { TsbuildError } from "../../../builder/core/errors.ts";
import { editTree } from "../../../builder/layers/edit.ts";
import { unpackArchive } from "../../../builder/ops/copy/archive.ts";
import type { Owner } from "../../../builder/ops/copy/owner.ts";
import { planCopy } from "../../../builder/ops/copy/plan.ts";
import { describeTree, MEMORY_TIME, memoryTree, type MemoryFile } from "../../support/memory-tree.ts";
import { NOW, opOf } from "./copying.ts";

type Header = Partial<TarHeader> & { readonly name: string; readonly data?: string };

async function tar(...headers: readonly Header[]): Promise<Buffer> {
  const archive = pack();
  for (const { data = "", ...header } of headers)
    archive.entry({ mtime: new Date(MEMORY_TIME * 1000), mode: 0o644, uid: 3, gid: 4, ...header }, data);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface AddCase {
  readonly archive: Buffer;
  readonly dest?: string;
  readonly into?: Readonly<Record<string, MemoryFile>>;
  readonly owner?: Owner;
}

/** What ADD of one file, `x.tar`, makes of a root filesystem. */
async function added({ archive, dest = "/", into = {}, owner }: AddCase): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    const editor = editTree(memoryTree(into));
    const unpack = unpackArchive({ editor, owner, spool: () => join(folder, "spool") });
    const source = memoryTree({ "x.tar": "" });
    const tree: Tree = {
      stat: (path) => source.stat(path),
      list: (path) => source.list(path),
      hash: (path) => source.hash(path),
      content: () => ({ kind: "bytes", data: archive }),
    };
    const op = opOf({ from: {}, sources: ["x.tar"], dest, unpack: true });
    await planCopy(op, [{ tree, keepOwner: false }], editor, { owner, now: NOW, unpack });
    return describeTree(withBytes(editor));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The files' bytes lie in the spool. */
function withBytes(tree: Tree): Tree {
  return {
    stat: (path) => tree.stat(path),
    list: (path) => tree.list(path),
    hash: (path) => tree.hash(path),
    content: (path) => bytesOf(tree.content(path)),
  };
}

function bytesOf(content: Content): Content {
  if (content.kind !== "range") return content;
  const data = readFileSync(content.path).subarray(content.offset, content.offset + content.size);
  return { kind: "bytes", data };
}

const simple = (): Promise<Buffer> =>
  tar({ name: "./", type: "directory", mode: 0o700 }, { name: "./a", data: "1" });

test("ADD unpacks a tar, plain or compressed, into a destination that it makes", async () => {
  for (const archive of [await simple(), gzipSync(await simple())])
    assert.deepEqual(await added({ archive, dest: "/d" }), [
      `d directory 755 0:0 @${NOW}`,
      'd/a file 644 3:4 "1"',
    ]);
});

test("the archive's root entry does not change the destination", async () => {
  const into = { "d/": { mode: 0o1777, uid: 9 } };
  assert.deepEqual(await added({ archive: await simple(), dest: "/d/", into }), [
    "d directory 1777 9:0",
    'd/a file 644 3:4 "1"',
  ]);
});

test("--chown owns all that an archive has", async () => {
  const archive = await tar({ name: "t/", type: "directory", mode: 0o755 }, { name: "t/a", data: "1" });
  assert.deepEqual(await added({ archive, owner: { uid: 7, gid: 8 } }), [
    "t directory 755 7:8",
    't/a file 644 7:8 "1"',
  ]);
});

test("what is no archive is copied as a file", async () => {
  const damaged = gzipSync(await simple()).subarray(0, 30);
  for (const archive of [
    Buffer.alloc(0),
    Buffer.alloc(2048),
    Buffer.from("hello"),
    gzipSync("hello"),
    damaged,
  ])
    assert.match((await added({ archive, dest: "/d/" })).at(-1) ?? "", /^d\/x\.tar file 644 0:0/);
});

test("directories that an archive leaves out are 0755 of root, whiteout names are names", async () => {
  const archive = await tar({ name: "p/q/.wh.a", data: "1" });
  assert.deepEqual(await added({ archive }), [
    `p directory 755 0:0 @${NOW}`,
    `p/q directory 755 0:0 @${NOW}`,
    'p/q/.wh.a file 644 3:4 "1"',
  ]);
});

test("links in an archive lead inside the destination, absolute ones too", async () => {
  const archive = await tar(
    { name: "usr/lib/", type: "directory", mode: 0o755 },
    { name: "lib", type: "symlink", linkname: "/usr/lib" },
    { name: "out", type: "symlink", linkname: "../../etc" },
    { name: "lib/a", data: "1" },
    { name: "out/b", data: "2" },
    { name: "hard", type: "link", linkname: "/lib/a" },
  );
  assert.deepEqual(await added({ archive, dest: "/d", into: { "etc/passwd": "root" } }), [
    `d directory 755 0:0 @${NOW}`,
    `d/etc directory 755 0:0 @${NOW}`,
    'd/etc/b file 644 3:4 "2"',
    "d/hard hardlink 644 3:4 -> d/usr/lib/a",
    "d/lib symlink 777 3:4 -> /usr/lib",
    "d/out symlink 777 3:4 -> ../../etc",
    `d/usr directory 755 0:0 @${NOW}`,
    "d/usr/lib directory 755 3:4",
    'd/usr/lib/a file 644 3:4 "1"',
    "etc directory 755 0:0",
    'etc/passwd file 644 0:0 "root"',
  ]);
});

test("what an archive has replaces what is there, a symlink by a directory too; only directories stay", async () => {
  const into = { "real/": {}, d: { link: "real" }, f: { link: "real" }, "full/x": "0" };
  const archive = await tar(
    { name: "d/", type: "directory", mode: 0o711 },
    { name: "f", data: "1" },
    { name: "full", data: "2" },
  );
  assert.deepEqual(await added({ archive, into }), [
    "d directory 711 3:4",
    'f file 644 3:4 "1"',
    'full file 644 3:4 "2"',
    "real directory 755 0:0",
  ]);
});

test("a hard link to a file of the layers below is a copy of it", async () => {
  const archive = await tar({ name: "h", type: "link", linkname: "base" });
  assert.deepEqual(await added({ archive, into: { base: "0" } }), [
    'base file 644 0:0 "0"',
    'h file 644 0:0 "0"',
  ]);
});

test("a file that is twice in an archive is what it was last, its links keep what they were", async () => {
  const archive = await tar(
    { name: "a", data: "1" },
    { name: "b", type: "link", linkname: "a" },
    { name: "a", data: "2" },
    { name: "c", type: "link", linkname: "a" },
  );
  assert.deepEqual(await added({ archive }), [
    'a file 644 3:4 "2"',
    'b file 644 3:4 "1"',
    "c hardlink 644 3:4 -> a",
  ]);
});

test("a first name that is linked to its own link stays the file", async () => {
  const archive = await tar(
    { name: "a", data: "1" },
    { name: "b", type: "link", linkname: "a" },
    { name: "a", type: "link", linkname: "b" },
  );
  assert.deepEqual(await added({ archive }), ['a file 644 3:4 "1"', "b hardlink 644 3:4 -> a"]);
});

test("an archive that leads out of the destination, or is damaged, is an error that names it", async () => {
  const whole = await tar({ name: "a", data: "x".repeat(5000) });
  const archives = [
    await tar({ name: "ok", data: "" }, { name: "../a", data: "1" }),
    await tar({ name: "h", type: "link", linkname: "nothing" }),
    whole.subarray(0, 2000),
  ];
  for (const archive of archives) {
    await assert.rejects(
      added({ archive }),
      (error) =>
        error instanceof TsbuildError && error.code === "ARCHIVE_INVALID" && /"x\.tar"/.test(error.message),
    );
  }
});
