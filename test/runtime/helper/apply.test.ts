import assert from "node:assert/strict";
import { lstatSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { type Bytes, bytesOf } from "../../../builder/core/bytes.ts";
import type { Entry, EntryType } from "../../../builder/core/entry.ts";
import type { ApplyStream } from "../../../runtime/types.ts";
import { Lines, Rig, exists, skip } from "./rig.ts";

function entry(path: string, type: EntryType, more: Partial<Entry> = {}): Entry {
  const mode = type === "directory" ? 0o755 : 0o644;
  return { path: bytesOf(path), type, mode, uid: 0, gid: 0, size: 0, mtime: 1000, ...more };
}

function file(stream: ApplyStream, path: string, text: string, more: Partial<Entry> = {}): void {
  const data = Buffer.from(text);
  stream.entry(entry(path, "file", { size: data.length, ...more }));
  stream.data(data);
}

test("apply writes every kind of entry as it is described", { skip }, async () => {
  await using rig = await Rig.start();
  const capability =
    "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" as Bytes;
  writeFileSync(rig.path("blob"), `head${"x".repeat(300_000)}tail`);
  const stream = rig.helper.apply(rig.path("layer"));
  stream.entry(entry("a", "directory", { mode: 0o1777, uid: 3, gid: 4, mtime: 77 }));
  file(stream, "a/setuid", "hi", { mode: 0o6755, uid: 5, gid: 6 });
  stream.entry(entry("a/big", "file", { size: 300_002 }));
  stream.range(rig.path("blob"), 3, 300_002);
  file(stream, "a/capable", "bytes", { uid: 7, xattrs: { "security.capability": capability } });
  stream.entry(entry("a/link", "symlink", { link: bytesOf("../x"), mode: 0o777, uid: 9 }));
  stream.entry(entry("a/hard", "hardlink", { link: bytesOf("a/setuid") }));
  stream.entry(entry("a/null", "character", { major: 1, minor: 3, mode: 0o666 }));
  stream.entry(entry("a/disk", "block", { major: 8, minor: 300 }));
  stream.entry(entry("a/pipe", "fifo", { mtime: -5 }));
  stream.entry(entry("a/\u00ff\u0001", "directory"));
  stream.whiteout(bytesOf("missing/parent/gone"));
  stream.opaque(bytesOf("b"));
  await stream.end();
  const found = new Lines();
  await rig.helper.diff({ upper: rig.path("layer"), lowers: [] }, found);
  assert.deepEqual(found.lines, [
    "a directory 1777 3:4",
    "a/big file 644 0:0",
    "a/capable file 644 7:0",
    "a/disk block 644 0:0",
    "a/hard file 6755 5:6",
    "a/link symlink 777 9:0 -> ../x",
    "a/null character 666 0:0",
    "a/pipe fifo 644 0:0",
    "a/setuid hardlink 6755 5:6 -> a/hard",
    `${bytesOf("a/\u00ff\u0001")} directory 755 0:0`,
    "b directory 755 0:0",
    "missing directory 755 0:0",
    "missing/parent directory 755 0:0",
    "missing/parent/gone whiteout",
  ]);
  const of = (path: string): Entry | undefined => found.entries.find((one) => one.path === path);
  assert.equal(of("a")?.mtime, 77);
  assert.equal(of("a/pipe")?.mtime, -5);
  assert.deepEqual(of("a/capable")?.xattrs, { "security.capability": capability });
  assert.deepEqual([of("a/disk")?.major, of("a/disk")?.minor], [8, 300]);
  assert.equal(found.contents.get("a/big" as Bytes), `d${"x".repeat(300_000)}t`);
  assert.equal(found.contents.get("a/hard" as Bytes), "hi");
});

test("a layer that deletes what was never there leaves no trace of that", { skip }, async () => {
  await using rig = await Rig.start();
  const stream = rig.helper.apply(rig.path("layer"));
  stream.entry(entry("new", "directory"));
  file(stream, "new/f", "hi");
  stream.whiteout(bytesOf("new/never"));
  stream.whiteout(bytesOf("etc/never"));
  stream.whiteout(bytesOf("made/for/it"));
  stream.entry(entry("usr", "directory"));
  stream.opaque(bytesOf("usr"));
  stream.whiteout(bytesOf("usr/never"));
  await stream.end();
  const lowers = [rig.base, rig.path("layer")];
  const found = new Lines();
  await rig.helper.list({ kind: "layers", lowers }, found);
  assert.deepEqual(
    found.lines.filter((line) => /^(new|made|usr)/.test(line)),
    [
      "made directory 755 0:0",
      "made/for directory 755 0:0",
      "new directory 755 0:0",
      "new/f file 644 0:0",
      "usr directory 755 0:0",
    ],
  );
  await rig.helper.copy({ kind: "layers", lowers }, rig.path("copied"));
  assert.deepEqual(readdirSync(rig.path("copied/new")), ["f"]);
  const root = rig.overlay(lowers);
  const used = await rig.run("cd /; find new made usr; cp -a new other; rmdir made/for usr && rm -r new", {
    root,
  });
  assert.deepEqual(used, { ...used, code: 0, stdout: "new\nnew/f\nmade\nmade/for\nusr\n", stderr: "" });
  assert.deepEqual(await rig.diff(root), [
    "made directory 755 0:0",
    "made/for whiteout",
    "new whiteout",
    "other directory 755 0:0",
    "other/f file 644 0:0",
    "usr whiteout",
  ]);
});

test("apply replaces what an earlier entry of the same path made", { skip }, async () => {
  await using rig = await Rig.start();
  const stream = rig.helper.apply(rig.path("layer"));
  stream.entry(entry("x", "directory"));
  file(stream, "x/inside", "1");
  file(stream, "x", "file");
  file(stream, "y", "one");
  stream.entry(entry("y", "directory"));
  file(stream, "y/z", "z");
  stream.entry(entry("y", "directory", { mode: 0o700 }));
  file(stream, "w", "longer than the second");
  file(stream, "w", "short");
  await stream.end();
  assert.equal(readFileSync(rig.path("layer/x"), "utf8"), "file");
  assert.equal(readFileSync(rig.path("layer/y/z"), "utf8"), "z");
  assert.equal(statSync(rig.path("layer/y")).mode & 0o777, 0o700);
  assert.equal(readFileSync(rig.path("layer/w"), "utf8"), "short");
});

const attacks: ReadonlyArray<readonly [string, (stream: ApplyStream, outside: string) => void, RegExp]> = [
  ["a name with ..", (stream) => file(stream, "../evil", "x"), /leads out of the layer/],
  ["a name with .. inside", (stream) => file(stream, "a/../../evil", "x"), /leads out of the layer/],
  ["an absolute name", (stream) => file(stream, "/evil", "x"), /leads out of the layer/],
  ["an empty component", (stream) => file(stream, "a//evil", "x"), /leads out of the layer/],
  ["a NUL in a name", (stream) => file(stream, "a\0b", "x"), /Cannot read an entry frame/],
  [
    "a symlinked parent",
    (stream, outside) => {
      stream.entry(entry("out", "symlink", { link: bytesOf(outside) }));
      file(stream, "out/evil", "x");
    },
    /'out\/evil': a parent of it is a symlink/,
  ],
  [
    "a directory through a symlink",
    (stream, outside) => {
      stream.entry(entry("out", "symlink", { link: bytesOf(outside) }));
      stream.entry(entry("out/evil", "directory"));
    },
    /'out\/evil': a parent of it is a symlink/,
  ],
  [
    "a whiteout through a symlink",
    (stream, outside) => {
      stream.entry(entry("out", "symlink", { link: bytesOf(outside) }));
      stream.whiteout(bytesOf("out/canary"));
    },
    /'out\/canary': a parent of it is a symlink/,
  ],
  [
    "a hard link through a symlink",
    (stream, outside) => {
      stream.entry(entry("out", "symlink", { link: bytesOf(outside) }));
      stream.entry(entry("stolen", "hardlink", { link: bytesOf("out/canary") }));
    },
    /'out\/canary': a parent of it is a symlink/,
  ],
  [
    "a hard link to what is not there",
    (stream) => stream.entry(entry("a", "hardlink", { link: bytesOf("b") })),
    /'b' is not in this layer/,
  ],
  [
    "an xattr of overlayfs",
    (stream) => file(stream, "a", "x", { xattrs: { "trusted.overlay.redirect": "/etc" as Bytes } }),
    /Cannot set xattr 'trusted.overlay.redirect'/,
  ],
  ["too few bytes", (stream) => stream.entry(entry("a", "file", { size: 5 })), /bytes are missing/],
  [
    "too many bytes",
    (stream) => {
      stream.entry(entry("a", "file", { size: 1 }));
      stream.data(Buffer.from("xyz"));
    },
    /bytes that belong to no file/,
  ],
];

for (const [name, attack, message] of attacks) {
  test(`apply refuses ${name}`, { skip }, async () => {
    await using rig = await Rig.start({ lanes: 1 });
    const outside = rig.path("outside");
    const canary = rig.helper.apply(outside);
    file(canary, "canary", "alive");
    await canary.end();
    const before = lstatSync(outside, { bigint: true });
    const stream = rig.helper.apply(rig.path("layer"));
    attack(stream, outside);
    await assert.rejects(stream.end(), message);
    assert.deepEqual(readdirSync(outside), ["canary"]);
    assert.equal(readFileSync(rig.path("outside/canary"), "utf8"), "alive");
    assert.equal(lstatSync(outside, { bigint: true }).mtimeNs, before.mtimeNs);
    assert.ok(!exists(rig.path("evil")));
  });
}

test("a file that is a symlink is replaced, not written through", { skip }, async () => {
  await using rig = await Rig.start();
  writeFileSync(rig.path("canary"), "alive");
  const stream = rig.helper.apply(rig.path("layer"));
  stream.entry(entry("f", "symlink", { link: bytesOf(rig.path("canary")) }));
  file(stream, "f", "new");
  await stream.end();
  assert.equal(readFileSync(rig.path("canary"), "utf8"), "alive");
  assert.equal(readFileSync(rig.path("layer/f"), "utf8"), "new");
});

test("abort leaves the lane for the next command", { skip }, async () => {
  await using rig = await Rig.start({ lanes: 1 });
  const stream = rig.helper.apply(rig.path("layer"));
  stream.entry(entry("f", "file", { size: 1_000_000 }));
  stream.data(Buffer.alloc(400_000));
  await stream.drain();
  await stream.abort();
  await rig.helper.remove([rig.path("layer"), rig.path("never-was")]);
  assert.ok(!exists(rig.path("layer")));
});

test("remove takes deep trees and does not follow symlinks", { skip }, async () => {
  await using rig = await Rig.start();
  writeFileSync(rig.path("canary"), "alive");
  const result = await rig.run(
    "cd /tmp; i=0; while [ $i -lt 900 ]; do mkdir d; cd d; i=$((i+1)); done; touch f; chmod 0 .",
    { root: { kind: "directory", path: rig.base } },
  );
  assert.equal(result.code, 0);
  symlinkSync(rig.root, rig.path("base/tmp/up"));
  await rig.helper.remove([rig.base]);
  assert.ok(!exists(rig.base));
  assert.equal(readFileSync(rig.path("canary"), "utf8"), "alive");
});
