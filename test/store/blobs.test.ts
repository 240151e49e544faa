import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256, type Digest } from "../../builder/core/digest.ts";
import { scratchStore } from "./scratch.ts";

test("openStore() makes no file", async () => {
  using scratch = scratchStore();
  assert.equal(scratch.store.refs.get("docker.io/library/app:latest"), undefined);
  assert.equal(scratch.store.blobs.has(sha256("x")), false);
  assert.deepEqual(await scratch.store.sweepSessions(), []);
  assert.deepEqual(readdirSync(scratch.root), []);
});

test("put() stores bytes under their digest", () => {
  using scratch = scratchStore();
  const { blobs } = scratch.store;
  const digest = blobs.put(Buffer.from("hello"));
  assert.equal(digest, sha256("hello"));
  assert.equal(blobs.path(digest), join(scratch.root, "blobs/sha256", digest.slice(7)));
  assert.equal(blobs.read(digest).toString(), "hello");
  assert.equal(blobs.size(digest), 5);
  const { ino } = statSync(blobs.path(digest));
  blobs.put(Buffer.from("hello"));
  assert.equal(statSync(blobs.path(digest)).ino, ino, "and not again");
  assert.ok(blobs.delete(digest));
  assert.equal(blobs.delete(digest), false);
  assert.equal(blobs.has(digest), false);
});

test("create() writes pieces of any size and hashes them", () => {
  const sizes = [0, 1, 511, 1 << 18, 3, (1 << 20) - 5, 7, 1 << 20, (1 << 21) + 1, 2];
  using scratch = scratchStore();
  using writer = scratch.store.blobs.create();
  const pieces = sizes.map((size, index) => Buffer.alloc(size, index + 1));
  for (const piece of pieces) {
    writer.write(piece);
    // A caller may use its buffer again at once.
    piece.fill(0xff);
  }
  const expected = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index + 1)));
  assert.equal(writer.size, expected.length);
  const { digest, size } = writer.commit(sha256(expected));
  assert.equal(size, expected.length);
  assert.ok(readFileSync(scratch.store.blobs.path(digest)).equals(expected));
});

test("commit() refuses bytes with another digest and leaves nothing", () => {
  using scratch = scratchStore();
  const writer = scratch.store.blobs.create();
  writer.write(Buffer.from("other"));
  assert.throws(() => writer.commit(sha256("hello")), { code: "DIGEST_MISMATCH" });
  assert.equal(scratch.store.blobs.has(sha256("hello")), false);
  assert.equal(scratch.store.blobs.has(sha256("other")), false);
  assert.deepEqual(filesIn(join(scratch.root, "tmp")), []);
});

test("a blob writer leaves nothing when it is disposed of without a commit", () => {
  using scratch = scratchStore();
  {
    using writer = scratch.store.blobs.create();
    writer.write(Buffer.alloc(3 << 20));
  }
  assert.deepEqual(filesIn(join(scratch.root, "tmp")), []);
  assert.equal(existsSync(join(scratch.root, "blobs")), false);
});

test("read() says what is wrong with a blob that is gone or damaged", () => {
  using scratch = scratchStore();
  const { blobs } = scratch.store;
  const digest = blobs.put(Buffer.from("hello"));
  writeFileSync(blobs.path(digest), "hellO");
  assert.throws(() => blobs.read(digest), { code: "STORE_INVALID", message: /another digest$/ });
  assert.throws(() => blobs.read(sha256("gone") as Digest), {
    code: "STORE_INVALID",
    message: /not in the store$/,
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "since")
    .map((entry) => entry.name);
}
