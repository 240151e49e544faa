import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Bytes } from "../../builder/core/bytes.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { readTar, type TarOptions } from "../../builder/layers/read-tar.ts";
import { piecesOf } from "./helpers.ts";
import { END, forge, pax } from "./tar-forge.ts";

/** What a visitor is told, as text. */
async function told(tar: Buffer, options: TarOptions & { piece?: number } = {}): Promise<string[]> {
  const lines: string[] = [];
  await readTar(
    piecesOf(tar, options.piece ?? 700),
    {
      entry({ path, type, mode, uid, gid, size, mtime, link, major, minor, xattrs }) {
        const rest = [link, major, minor, xattrs?.["security.capability"]].filter(
          (value) => value !== undefined,
        );
        lines.push([type, path, mode.toString(8), uid, gid, size, mtime, ...rest].join(" "));
      },
      data: (chunk) => lines.push(`data ${chunk.toString("latin1")}`),
      whiteout: (path) => lines.push(`whiteout ${path}`),
      opaque: (path) => lines.push(`opaque ${path}`),
    },
    options,
  );
  return lines;
}

const accepted: readonly [string, Buffer, readonly string[]][] = [
  ["an absolute name", forge({ name: "//./a//b/./c" }), ["file a/b/c 644 0 0 0 0"]],
  ["the root", forge({ name: "./", type: "5" }), []],
  ["a v7 header", forge({ name: "d/", type: "\0", magic: "\0" }), ["directory d 644 0 0 0 0"]],
  ["a GNU header", forge({ magic: "ustar  \0" }), ["file name 644 0 0 0 0"]],
  ["file type bits in the mode", forge({ mode: "0104755" }), ["file name 4755 0 0 0 0"]],
  ["an absolute hard link", forge({ type: "1", link: "/a/b" }), ["hardlink name 644 0 0 0 0 a/b"]],
  [
    "a hard link with a size",
    forge({ type: "1", link: "a", size: "00000001000" }),
    ["hardlink name 644 0 0 0 0 a"],
  ],
  ["a symlink out of the root", forge({ type: "2", link: "../../x" }), ["symlink name 644 0 0 0 0 ../../x"]],
  ["a directory with a size", forge({ type: "5", size: "00000001000" }), ["directory name 644 0 0 0 0"]],
  ["a contiguous file", forge({ type: "7", data: "x" }), ["file name 644 0 0 1 0", "data x"]],
  ["a device", forge({ type: "3", major: "0000001" }), ["character name 644 0 0 0 0 1 0"]],
  ["a base-256 id", forge({ uid: "\x80\x00\x00\x00\x01\x00\x00\x00" }), ["file name 644 16777216 0 0 0"]],
  [
    "a base-256 time before 1970",
    forge({ mtime: "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb" }),
    ["file name 644 0 0 0 -5"],
  ],
  ["a whiteout", forge({ name: "a/.wh.b", data: "ignored" }), ["whiteout a/b"]],
  ["an opaque directory", forge({ name: "a/.wh..wh..opq" }), ["opaque a"]],
  ["an opaque root", forge({ name: ".wh..wh..opq" }), ["opaque "]],
  ["AUFS's own files", forge({ name: ".wh..wh.plnk/1.2", data: "x" }), []],
  [
    "a global header",
    Buffer.concat([forge({ type: "g", data: "13 path=evil\n" }), forge({})]),
    ["file name 644 0 0 0 0"],
  ],
  [
    "pax values over the header's",
    Buffer.concat([
      pax("path=\xff/ü", "uid=4000000000", "gid=7", "mtime=-1.5", "size=3"),
      forge({ data: "abc", size: "0" }),
    ]),
    ["file \xff/ü 644 4000000000 7 3 -2", "data abc"],
  ],
  [
    "bytes in a capability, and no other attribute",
    Buffer.concat([
      pax("SCHILY.xattr.security.capability=\x01\x00\n\x80=", "SCHILY.xattr.trusted.overlay.opaque=y"),
      forge({}),
    ]),
    ["file name 644 0 0 0 0 \x01\x00\n\x80="],
  ],
  [
    "a GNU long name",
    Buffer.concat([forge({ type: "L", data: "long/\xff\0" }), forge({})]),
    ["file long/\xff 644 0 0 0 0"],
  ],
  [
    "an empty pax header",
    Buffer.concat([pax(), forge({ data: "x" }), forge({ name: "b" })]),
    ["file name 644 0 0 1 0", "data x", "file b 644 0 0 0 0"],
  ],
  [
    "a time that no disk stores",
    Buffer.concat([pax("mtime=99999999999999"), forge({})]),
    ["file name 644 0 0 0 0"],
  ],
  ["what follows the end", Buffer.concat([END, forge({ name: "hidden" })]), []],
];

for (const [name, tar, expected] of accepted) {
  test(`readTar() reads ${name}`, async () => {
    const padded = tar.subarray(-1024).equals(END) ? tar : Buffer.concat([tar, END]);
    assert.deepEqual(await told(padded), expected);
    assert.deepEqual(await told(padded, { piece: 511 }), expected);
  });
}

const refused: readonly [string, Buffer, RegExp][] = [
  ["..", forge({ name: "a/../../b" }), /has "\.\." in its name/],
  [".. in a hard link", forge({ type: "1", link: "../etc/shadow" }), /has "\.\." in its link target/],
  ["a NUL", Buffer.concat([pax("path=a\0b"), forge({})]), /has a NUL/],
  ["a name of 256 bytes", Buffer.concat([pax(`path=${"n".repeat(256)}`), forge({})]), /has a name too long/],
  [
    "a path of 5000 bytes",
    Buffer.concat([pax(`path=${"n/".repeat(2500)}`), forge({})]),
    /has a name too long/,
  ],
  ["a hard link to itself", forge({ type: "1", link: "./name" }), /hard link to itself/],
  ["a hard link to the root", forge({ type: "1", link: "/" }), /hard link to itself or to nothing/],
  ["a hard link into AUFS", forge({ type: "1", link: ".wh..wh.plnk/1" }), /hard link to a deletion/],
  ["a symlink to nowhere", forge({ type: "2" }), /symbolic link to nowhere/],
  ["a whiteout of ..", forge({ name: "a/.wh..." }), /deletes nothing that has a name/],
  ["a whiteout of .", forge({ name: ".wh.." }), /deletes nothing that has a name/],
  ["a whiteout of nothing", forge({ name: "a/.wh." }), /deletes nothing that has a name/],
  ["a file below a whiteout", forge({ name: ".wh.a/b" }), /lies below a deletion/],
  ["a GNU sparse file", forge({ type: "S" }), /is of a kind that is not known/],
  ["a pax sparse file", Buffer.concat([pax("GNU.sparse.major=1"), forge({})]), /is stored as a sparse file/],
  ["an unknown type", forge({ type: "Z" }), /is of a kind that is not known/],
  [
    "a negative size",
    forge({ size: "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" }),
    /size is not a number/,
  ],
  [
    "a size beyond 2^53",
    forge({ size: "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff" }),
    /size is not a number/,
  ],
  ["a negative pax size", Buffer.concat([pax("size=-512"), forge({})]), /size is not a number/],
  ["a pax size in words", Buffer.concat([pax("size=1e3"), forge({})]), /size is not a number/],
  ["a user id of -1", Buffer.concat([pax("uid=4294967295"), forge({})]), /impossible user id/],
  ["a user id below 0", Buffer.concat([pax("uid=-1"), forge({})]), /impossible user id/],
  ["a mode that is no number", forge({ mode: "zzzzzzz" }), /impossible mode/],
  ["a device that Linux lacks", forge({ type: "3", major: "7777777" }), /impossible device number/],
  [
    "a pax header of 2 MiB",
    forge({ type: "x", size: "00010000000" }),
    /an extended header has 2097152 bytes/,
  ],
  ["a GNU name of 8 GiB", forge({ type: "L", size: "77777777777" }), /an extended header has|exceeds max/],
  ["a pax record that is too long", forge({ type: "x", data: "99 path=a\n" }), /pax header is malformed/],
  ["a pax record of length 0", forge({ type: "x", data: "0 path=a\n" }), /pax header is malformed/],
  ["a pax record without a key", forge({ type: "x", data: "6 =ab\n" }), /pax header is malformed/],
  [
    "a huge capability",
    Buffer.concat([pax(`SCHILY.xattr.security.capability=${"x".repeat(65)}`), forge({})]),
    /capability/,
  ],
  ["a wrong checksum", Buffer.concat([forge({}).fill("X", 0, 3)]), /no tar archive, or a damaged one/],
  ["a lone zero block", Buffer.concat([Buffer.alloc(512), forge({})]), /an entry stands after the end/],
];

for (const [name, tar, message] of refused) {
  test(`readTar() refuses ${name}`, async () => {
    await assert.rejects(told(Buffer.concat([tar, Buffer.alloc(2048)])), (error) => {
      assert.ok(error instanceof TsbuildError);
      assert.equal(error.code, "ARCHIVE_INVALID");
      assert.match(error.message, message);
      assert.ok(error.message.length < 400);
      return true;
    });
  });
}

test("readTar() refuses an archive that is cut off, and takes one without an end mark", async () => {
  const tar = forge({ data: "x".repeat(600) });
  assert.deepEqual((await told(tar)).length, 2 + 1);
  for (const size of [1, 511, 513, 1000, tar.length - 1]) {
    await assert.rejects(told(tar.subarray(0, size)), { code: "ARCHIVE_INVALID" });
  }
  assert.deepEqual(await told(Buffer.alloc(0)), []);
});

test("readTar() refuses more entries than it was allowed", async () => {
  const tar = Buffer.concat([forge({ name: "a" }), forge({ name: "b" }), END]);
  await assert.rejects(told(tar, { maxEntries: 1 }), /it has more than 1 entries/);
});

test("readTar() leaves names with .wh. alone where they are files", async () => {
  const tar = Buffer.concat([forge({ name: "a/.wh.b", data: "x" }), END]);
  assert.deepEqual(await told(tar, { whiteouts: false }), ["file a/.wh.b 644 0 0 1 0", "data x"]);
});

test("readTar() waits where the visitor asks it to", async () => {
  const tar = Buffer.concat([forge({ data: Buffer.alloc(100_000, "x") }), END]);
  let waiting = 0;
  let most = 0;
  await readTar(piecesOf(tar, 10_000), {
    entry() {},
    data() {
      most = Math.max(most, ++waiting);
    },
    whiteout() {},
    opaque() {},
    drain: async () => {
      waiting = 0;
    },
  });
  assert.equal(most, 1);
});

test("readTar() never hangs or throws anything but its own errors", async () => {
  const good = Buffer.concat([
    pax("path=a/b", "mtime=1"),
    forge({ data: "hello" }),
    forge({ type: "5", name: "d" }),
    END,
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 }),
      async (changes) => {
        const damaged = Buffer.from(good);
        for (const [at, byte] of changes) damaged[at] = byte;
        // The checksums are made right again, else nothing behind them would be reached.
        for (const at of [0, 1024, 2048]) {
          damaged.write("        ", at + 148, "latin1");
          const sum = damaged.subarray(at, at + 512).reduce((total, value) => total + value, 0);
          damaged.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
        }
        await told(damaged).then(
          (lines) =>
            assert.ok(lines.every((line) => !/(^| |\/)\.\.(\/| )/.test(line) || line.startsWith("data"))),
          (error: unknown) =>
            assert.ok(error instanceof TsbuildError && error.code === "ARCHIVE_INVALID", String(error)),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test("paths keep bytes that are no text", async () => {
  const name = "\xfe\n\x01" as Bytes;
  const tar = Buffer.concat([forge({ name }), END]);
  assert.deepEqual(await told(tar), [`file ${name} 644 0 0 0 0`]);
});
