import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { spawnSync } from "node:child_process";
import type { Bytes } from "../../builder/core/bytes.ts";
import { sha256 } from "../../builder/core/digest.ts";
import type { Content } from "../../builder/core/entry.ts";
import { hashContent } from "../../builder/layers/content-reader.ts";
import { LayerRecorder } from "../../builder/layers/layer-recorder.ts";
import type { NewChange } from "../../builder/layers/types.ts";
import { writeLayer } from "../../builder/layers/write-layer.ts";
import { entryOf, fileOf, tarOf } from "./helpers.ts";

const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(directory, { recursive: true }));

const big = Buffer.alloc(3_000_001, "0123456789");
writeFileSync(join(directory, "big"), big);
writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff])]), "bytes");

function from(content: Content, size: number, path = "f"): NewChange {
  return { kind: "entry", entry: entryOf(path, "file", { size }), content };
}

const inDirectory = (name: string): Content => ({ kind: "file", path: `${directory}/${name}` as Bytes });

test("writeLayer() reads contents wherever they lie", async () => {
  const range = { kind: "range", path: join(directory, "big"), offset: 5, size: 20 } as const;
  const { tar, index } = await tarOf([
    from(inDirectory("big"), big.length, "a"),
    from(range, 20, "b"),
    from({ kind: "bytes", data: big.subarray(0, 200_000) }, 200_000, "c"),
    from(inDirectory("\xff"), 5, "d"),
  ]);
  const data = index.changes.map((change) => {
    if (change.kind !== "entry" || change.offset === undefined) return assert.fail("no file");
    return sha256(tar.subarray(change.offset, change.offset + change.entry.size));
  });
  const expected = [big, big.subarray(5, 25), big.subarray(0, 200_000), Buffer.from("bytes")];
  assert.deepEqual(
    data,
    expected.map((bytes) => sha256(bytes)),
  );
  assert.equal(hashContent(inDirectory("big")), sha256(big));
  assert.equal(hashContent(range), sha256(big.subarray(5, 25)));
});

test("writeLayer() says so when a file grew, shrank, went or became a link or a fifo", async () => {
  for (const size of [big.length - 1, big.length + 1]) {
    await assert.rejects(tarOf([from(inDirectory("big"), size)]), /big": it changed while it was read/);
  }
  symlinkSync("big", join(directory, "link"));
  await assert.rejects(tarOf([from(inDirectory("link"), big.length)]), /Cannot read ".*link"/);
  await assert.rejects(tarOf([from(inDirectory("missing"), 1)]), /Cannot read ".*missing"/);
  assert.equal(spawnSync("mkfifo", [join(directory, "fifo")]).status, 0);
  await assert.rejects(tarOf([from(inDirectory("fifo"), 1)]), /changed while it was read/);
});

test("writeLayer() says so when a layer's tar is shorter than its index says", async () => {
  const range: Content = { kind: "range", path: join(directory, "big"), offset: big.length - 1, size: 5 };
  await assert.rejects(tarOf([from(range, 5)]), { code: "STORE_INVALID" });
});

test("writeLayer() clamps times to SOURCE_DATE_EPOCH, in the tar and in the index", async () => {
  const changes = [fileOf("new", "x", { mtime: 2000 }), fileOf("old", "x", { mtime: 10 })];
  const { tar, index } = await tarOf(changes, { epoch: 1000 });
  assert.deepEqual(
    index.changes.map((change) => change.kind === "entry" && change.entry.mtime),
    [1000, 10],
  );
  assert.deepEqual(
    tar,
    (await tarOf([fileOf("new", "x", { mtime: 1000 }), fileOf("old", "x", { mtime: 10 })])).tar,
  );
});

test("writeLayer() lets others run, and stops when told to", async (t) => {
  // A clock on which every look is a slice later.
  let time = 0;
  t.mock.method(Date, "now", () => (time += 60));
  const changes = Array.from({ length: 20 }, (_, n) => from(inDirectory("big"), big.length, `f${n}`));
  const controller = new AbortController();
  let written = 0;
  setImmediate(() => controller.abort());
  const writing = writeLayer(changes, (chunk) => (written += chunk.length), { signal: controller.signal });
  await assert.rejects(writing, { name: "AbortError" });
  assert.ok(written < big.length * changes.length);
});

test("LayerRecorder makes the tar and the index that writeLayer() makes", async () => {
  const chunks: Buffer[] = [];
  const recorder = new LayerRecorder((chunk) => chunks.push(Buffer.from(chunk)));
  recorder.entry(entryOf("etc", "directory"));
  recorder.opaque("etc" as Bytes);
  recorder.entry(entryOf("etc/passwd", "file", { size: 6 }));
  for (const part of ["root", ":x"]) recorder.data(Buffer.from(part));
  recorder.whiteout("gone" as Bytes);
  const index = recorder.finish();
  const same = await tarOf([
    { kind: "entry", entry: entryOf("etc", "directory") },
    { kind: "opaque", path: "etc" as Bytes },
    fileOf("etc/passwd", "root:x"),
    { kind: "whiteout", path: "gone" as Bytes },
  ]);
  assert.deepEqual(index, same.index);
  assert.deepEqual(Buffer.concat(chunks), same.tar);
  const passwd = index.changes[2];
  assert.equal(passwd?.kind === "entry" ? passwd.data : "", "root:x");
});
