import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { FileSpans } from "../../builder/core/file-spans.ts";
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

test(
  "createAside() takes the digests of files in chunks, and of one that goes through several",
  { skip },
  async () => {
    using scratch = scratchStore();
    await using writer = await scratch.store.blobs.createAside(BIG);
    assert.ok(writer);
    const expected: string[] = [];
    const long = createHash("sha256");
    // Nobody waits between them, so that the other thread is behind.
    for (let number = 0; number < 24; number++) {
      const memory = writer.memory();
      const used = memory.length - number;
      memory.fill(number, 0, used);
      const goesOn = number > 5 && number < 9;
      const rest = memory.subarray(2000, used);
      expected.push(sha256(memory.subarray(0, 700)), sha256(""));
      if (number >= 5 && number <= 9) long.update(number === 5 ? rest : memory.subarray(0, used));
      if (goesOn) expected.splice(-2);
      const spans = new FileSpans();
      if (goesOn) spans.add(0, used, false);
      else if (number === 9) {
        expected.splice(-2, 2, `sha256:${long.digest("hex")}`);
        spans.add(0, used, true);
      } else {
        spans.add(0, 700, true);
        spans.add(700, 700, true);
        if (number === 5) spans.add(2000, used, false);
      }
      writer.write(memory.subarray(0, used), spans.take());
    }
    assert.deepEqual(await writer.fileDigests(), expected);
    const { digest, path } = await writer.finish();
    assert.equal(digest, sha256(readFileSync(path)));
  },
);

test("createAside() puts parts of another file between what it writes", { skip }, async () => {
  using scratch = scratchStore();
  await using writer = await scratch.store.blobs.createAside(BIG);
  assert.ok(writer);
  const other = Buffer.alloc(9 << 20, "another file ");
  writeFileSync(join(scratch.root, "other"), other);
  const from = openSync(join(scratch.root, "other"), "r");
  try {
    const expected: Buffer[] = [];
    for (let number = 0; number < 12; number++) {
      const piece = Buffer.alloc(number * 100_000, number);
      const part = other.subarray(number * 1000, number * 500_000);
      writer.write(piece);
      writer.copy(from, number * 1000, part.length);
      expected.push(piece, part);
      if (number % 5 === 0) await writer.drain();
    }
    const { digest, path, size } = await writer.finish();
    assert.ok(readFileSync(path).equals(Buffer.concat(expected)));
    assert.equal(digest, sha256(Buffer.concat(expected)));
    assert.equal(size, Buffer.concat(expected).length);
    await using short = await scratch.store.blobs.createAside(BIG);
    short?.copy(from, other.length - 1, 2);
    await assert.rejects(short?.commit() ?? assert.fail(), /it is copied from is shorter/);
  } finally {
    closeSync(from);
  }
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
