import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { randomBytes } from "node:crypto";
import { sha256 } from "../../builder/core/digest.ts";
import { namesIn } from "../../builder/store/names-in.ts";
import { scratchStore } from "./scratch.ts";

/** Reads on; gives what all of it is. */
async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

test("arriving() gives a blob's bytes while they come, and the same when all of them are in place", async () => {
  using scratch = scratchStore();
  const data = randomBytes((5 << 20) + 77);
  using blob = scratch.store.blobs.receive(sha256(data));
  const early = collect(blob.arriving());
  const stream = blob.arriving()[Symbol.asyncIterator]();
  for (let at = 0; at < data.length; at += 100_000) {
    const piece = Buffer.from(data.subarray(at, at + 100_000));
    blob.write(piece);
    piece.fill(0);
    // Something can be read long before the end.
    if (at === 2_000_000)
      assert.ok(((await stream.next()).value as Buffer).equals(data.subarray(0, 1 << 18)));
  }
  await stream.return?.();
  const moved = blob.arriving();
  blob.commit();
  assert.ok((await early).equals(data));
  assert.ok((await collect(moved)).equals(data));
  assert.ok((await collect(blob.arriving())).equals(data));
  assert.ok(readFileSync(scratch.store.blobs.path(sha256(data))).equals(data));
});

test("arriving() ends with an error where the blob is given up, and nothing of it is left", async () => {
  using scratch = scratchStore();
  const blob = scratch.store.blobs.receive(sha256("x"));
  const early = [collect(blob.arriving()), collect(blob.arriving())];
  blob.write(randomBytes(3 << 20));
  blob[Symbol.dispose]();
  // One that opens the file when it is gone hears the same.
  const readers = [...early, collect(blob.arriving())];
  await Promise.all(readers.map((reader) => assert.rejects(reader, { code: "NETWORK" })));
  assert.deepEqual(namesIn(join(scratch.root, "blobs/sha256")), []);
});
