import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { scratchStore } from "./scratch.ts";

const BIG = 100 << 20;
const skip = availableParallelism() < 2 ? "there is one processor" : false;

test("createAside() writes pieces of any size and hashes them", { skip }, async () => {
  const sizes = [0, 1, 511, 1 << 18, 3, (1 << 20) - 5, 7, 1 << 20, (1 << 21) + 1, 2, 9 << 20];
  using scratch = scratchStore();
  await using writer = await scratch.store.blobs.createAside(BIG);
  assert.ok(writer);
  for (const [index, size] of sizes.entries()) {
    const piece = Buffer.alloc(size, index + 1);
    writer.write(piece);
    // A caller may use its buffer again at once.
    piece.fill(0xff);
    await writer.drain();
  }
  const expected = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index + 1)));
  const { digest, size } = await writer.commit();
  assert.equal(size, expected.length);
  assert.equal(digest, sha256(expected));
  assert.ok(readFileSync(scratch.store.blobs.path(digest)).equals(expected));
});

test("createAside() writes several blobs at once, and an empty one", { skip }, async () => {
  using scratch = scratchStore();
  const texts = ["a", "b", ""].map((letter) =>
    Buffer.alloc(5 << 20, letter).subarray(letter === "" ? 5 << 20 : 0),
  );
  const writers = await Promise.all(texts.map(() => scratch.store.blobs.createAside(BIG)));
  for (let at = 0; at < 5 << 20; at += 1 << 18)
    for (const [index, writer] of writers.entries())
      writer?.write(texts[index]?.subarray(at, at + (1 << 18)) ?? Buffer.alloc(0));
  const digests = await Promise.all(writers.map(async (writer) => (await writer?.commit())?.digest));
  assert.deepEqual(digests, texts.map(sha256));
  for (const writer of writers) await writer?.[Symbol.asyncDispose]();
});

test("createAside() leaves nothing when it is disposed of without a commit", { skip }, async () => {
  using scratch = scratchStore();
  {
    await using writer = await scratch.store.blobs.createAside(BIG);
    writer?.write(Buffer.alloc(3 << 20));
  }
  const left = readdirSync(join(scratch.root, "tmp"), { recursive: true, withFileTypes: true });
  assert.deepEqual(
    left.filter((entry) => entry.isFile() && entry.name !== "since"),
    [],
  );
  assert.equal(existsSync(join(scratch.root, "blobs")), false);
});

test("createAside() is nothing for what this thread writes as fast", async () => {
  using scratch = scratchStore();
  assert.equal(await scratch.store.blobs.createAside(1000), undefined);
});
