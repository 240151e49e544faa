import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as fc from "fast-check";
import { bytesOf, type Bytes } from "../../builder/core/bytes.ts";
import { sha256 } from "../../builder/core/digest.ts";
import { IndexBuilder } from "../../builder/layers/index-builder.ts";
import { readTar } from "../../builder/layers/read-tar.ts";
import { TarWriter } from "../../builder/layers/tar-writer.ts";
import { layers } from "./arbitraries.ts";
import { change, entryOf, fileOf, piecesOf, tarOf } from "./helpers.ts";

const deep = `${"d".repeat(90)}/${"e".repeat(90)}`;
const everything = [
  fileOf("a", "hello\n", { mode: 0o4755, mtime: 1_700_000_000 }),
  change("bin", "symlink", { link: bytesOf("usr/bin"), mode: 0o777 }),
  change("dev", "directory", { mode: 0o1777 }),
  change("dev/null", "character", { major: 1, minor: 3, mode: 0o666 }),
  change("dev/pipe", "fifo"),
  change("dev/sda", "block", { major: 8, minor: 1 }),
  change("hard", "hardlink", { link: bytesOf("a"), mode: 0o4755, mtime: 1_700_000_000 }),
  fileOf("old", "", { mtime: -5 }),
  fileOf("owned", "", { uid: 3_000_000, gid: 2_097_152 }),
  fileOf(deep, "prefix"),
  fileOf("n".repeat(150), "pax"),
  fileOf(bytesOf("zürich"), "utf-8"),
  change("zz", "symlink", { link: `${"t".repeat(120)}` as Bytes }),
  { kind: "whiteout", path: "gone/file" as Bytes },
  { kind: "opaque", path: "dev" as Bytes },
] as const;

test("TarWriter writes what GNU tar lists", async (t) => {
  const { tar } = await tarOf(everything);
  const run = spawnSync("tar", ["-tvf", "-", "--numeric-owner", "--full-time", "--quoting-style=literal"], {
    input: tar,
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
  });
  if (run.error !== undefined) return t.skip("GNU tar is not installed");
  assert.equal(run.stderr.toString(), "");
  const listed = run.stdout.toString("latin1").trimEnd().split("\n");
  assert.deepEqual(
    listed.map((line) => line.replace(/ +/g, " ")),
    [
      "-rwsr-xr-x 0/0 6 2023-11-14 22:13:20 a",
      "lrwxrwxrwx 0/0 0 1970-01-01 00:00:01 bin -> usr/bin",
      `-rw-r--r-- 0/0 6 1970-01-01 00:00:01 ${deep}`,
      "drwxrwxrwt 0/0 0 1970-01-01 00:00:01 dev/",
      "---------- 0/0 0 1970-01-01 00:00:00 dev/.wh..wh..opq",
      "crw-rw-rw- 0/0 1,3 1970-01-01 00:00:01 dev/null",
      "prw-r--r-- 0/0 0 1970-01-01 00:00:01 dev/pipe",
      "brw-r--r-- 0/0 8,1 1970-01-01 00:00:01 dev/sda",
      "---------- 0/0 0 1970-01-01 00:00:00 gone/.wh.file",
      "hrwsr-xr-x 0/0 0 2023-11-14 22:13:20 hard link to a",
      `-rw-r--r-- 0/0 3 1970-01-01 00:00:01 ${"n".repeat(150)}`,
      "-rw-r--r-- 0/0 0 1969-12-31 23:59:55 old",
      "-rw-r--r-- 3000000/2097152 0 1970-01-01 00:00:01 owned",
      `lrw-r--r-- 0/0 0 1970-01-01 00:00:01 zz -> ${"t".repeat(120)}`,
      `-rw-r--r-- 0/0 5 1970-01-01 00:00:01 ${bytesOf("zürich")}`,
    ],
  );
});

test("TarWriter writes what Python's tarfile reads", async (t) => {
  const { tar } = await tarOf(everything);
  const script = `import sys, io, json, tarfile
t = tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()))
print(json.dumps([[m.name, m.mode, m.uid, m.gid, m.size, m.mtime, m.linkname, m.uname] for m in t]))`;
  const run = spawnSync("python3", ["-c", script], { input: tar });
  if (run.status !== 0) return t.skip("python3 is not installed");
  const members = JSON.parse(run.stdout.toString()) as readonly (readonly unknown[])[];
  const find = (name: string) => members.find((member) => member[0] === name);
  assert.equal(members.length, everything.length);
  assert.deepEqual(find("owned"), ["owned", 0o644, 3_000_000, 2_097_152, 0, 1, "", ""]);
  assert.deepEqual(find("old")?.slice(4, 6), [0, -5]);
  assert.equal(find("zz")?.[6], "t".repeat(120));
  assert.deepEqual(find(deep)?.slice(4, 5), [6]);
  assert.notEqual(find("zürich"), undefined);
});

test("TarWriter writes the same bytes for the same entries, now and for ever", async () => {
  const { tar } = await tarOf(everything);
  assert.deepEqual((await tarOf([...everything].reverse())).tar, tar);
  assert.equal(
    sha256((await tarOf([fileOf("a", "b", { mtime: 0 })])).tar),
    "sha256:61bcbfdca2d630776620fd67c6cf2b0e49217135c3f6e9587da161a03ff2fef7",
  );
});

test("TarWriter writes what readTar() reads", async () => {
  await fc.assert(
    fc.asyncProperty(layers, fc.constantFrom(512, 1000, 1 << 20), async (changes, size) => {
      const { tar, index } = await tarOf(changes);
      const builder = new IndexBuilder();
      await readTar(piecesOf(tar, size), builder);
      assert.deepEqual(builder.finish(), index);
      for (const change of index.changes) {
        if (change.kind !== "entry" || change.offset === undefined) continue;
        const data = tar.subarray(change.offset, change.offset + change.entry.size);
        const wanted = changes.find((put) => put.kind === "entry" && put.entry.path === change.entry.path);
        if (wanted?.kind === "entry" && wanted.content?.kind === "bytes") {
          assert.deepEqual(data, Buffer.from(wanted.content.data));
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("TarWriter puts sizes and times beyond the octal fields into pax records", () => {
  const chunks: Buffer[] = [];
  const writer = new TarWriter((chunk) => chunks.push(Buffer.from(chunk)));
  writer.entry(entryOf("huge", "file", { size: 2 ** 33, mtime: 2 ** 33 }));
  assert.equal(writer.offset, 3 * 512);
  writer.data(Buffer.alloc(200_000));
  const records = chunks[0]?.toString("latin1", 512, 1024).replace(/\0+$/, "");
  assert.equal(records, "20 mtime=8589934592\n19 size=8589934592\n");
  assert.throws(() => writer.entry(entryOf("next")), /has fewer bytes than its size says/);
});

test("TarWriter refuses what a layer cannot say", () => {
  const writer = new TarWriter(() => {});
  assert.throws(() => writer.entry(entryOf("a/.wh.b")), { code: "ARCHIVE_INVALID" });
  assert.throws(() => writer.entry(entryOf("d", "block", { major: 2 ** 24, minor: 0 })), {
    code: "ARCHIVE_INVALID",
  });
  writer.entry(entryOf("f", "file", { size: 1 }));
  assert.throws(() => writer.data(Buffer.alloc(2)), /has more bytes than its size says/);
});

test("TarWriter passes chunks of any size on in order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 12 }), (sizes) => {
      const chunks: Buffer[] = [];
      const writer = new TarWriter((chunk) => chunks.push(Buffer.from(chunk)));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      writer.entry(entryOf("f", "file", { size: total }));
      const offset = writer.offset;
      const parts = sizes.map((size, i) => Buffer.alloc(size, i + 1));
      for (const part of parts) writer.data(part);
      writer.finish();
      const tar = Buffer.concat(chunks);
      assert.equal(tar.length % 512, 0);
      assert.equal(tar.length, writer.offset);
      assert.ok(tar.subarray(offset, offset + total).equals(Buffer.concat(parts)));
    }),
    { numRuns: 30 },
  );
});
