import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { crc32, inflateRawSync } from "node:zlib";
import { DeflateProcess } from "../../../runtime/deflate/deflate-process.ts";

const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
const path = join(directory, "file");
writeFileSync(path, "");
const fd = openSync(path, "r");
const deflater = new DeflateProcess(fd);
let noise: Buffer;
before(() => (noise = noiseOf(200_000)));
after(async () => {
  await deflater[Symbol.asyncDispose]();
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

const buffer = Buffer.alloc(1 << 20);
const WINDOW = 32 * 1024;
/** An empty final block: what makes blocks that are not the last ones a whole stream. */
const END = Buffer.from([3, 0]);

/** Bytes that look random, the same each time (xorshift32). */
function noiseOf(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 0x9e3779b9;
  for (let at = 0; at < size; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** How large what is made of the data is, which has to inflate to it. */
async function sizeOf(data: Buffer, known = 0): Promise<number> {
  writeFileSync(path, data);
  const part = await deflater.compress({ offset: known, known, size: data.length - known });
  const blocks = deflater.read(part, buffer);
  assert.equal(part.checksum, crc32(data.subarray(known)));
  const inflated = inflateRawSync(
    Buffer.concat([blocks, END]),
    known > 0 ? { dictionary: data.subarray(0, known) } : {},
  );
  assert.ok(inflated.equals(data.subarray(known)));
  return part.size;
}

/** A phrase, and the same one so far behind its beginning. */
function twice(distance: number, length: number): Buffer {
  const data = Buffer.from(noise.subarray(0, Math.max(distance + length + 40, 400)));
  for (let at = 0; at < length; at++) data[distance + 20 + at] = data[20 + at] ?? 0;
  return data;
}

test("compress() finds phrases of every length at the edges of the window and of what 16 bits tell", async () => {
  const lengths = [3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 20, 21, 22, 23, 30, 257, 258, 259, 300, 517];
  for (const distance of [
    1, 2, 3, 7, 8, 258, 4095, 4096, 4097, 32_766, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537,
  ])
    for (const length of lengths) {
      const data = twice(distance, length);
      const size = await sizeOf(data);
      const saved = (await sizeOf(Buffer.from(noise.subarray(0, data.length)))) - size;
      // Blocks of noise are stored whole, and few bytes fewer do not change that.
      if (length >= 257 && distance <= WINDOW && distance >= 3)
        assert.ok(saved > 100, `${distance} ${length}: ${saved}`);
      if (distance > WINDOW) assert.ok(saved < 20, `${distance} ${length}: ${saved}`);
    }
});

test("compress() takes parts that end anywhere near a phrase", async () => {
  const phrase = noise.subarray(0, 300);
  const data = Buffer.concat([phrase, noise.subarray(1000, 1100), phrase, Buffer.alloc(300, "a"), phrase]);
  for (let size = 0; size <= data.length; size += size < 40 ? 1 : 7) {
    await sizeOf(data.subarray(0, size));
    await sizeOf(data.subarray(0, size), Math.min(size, 300));
    await sizeOf(data.subarray(data.length - size), size >> 1);
  }
});

test("compress() takes runs, every byte, few bytes and none", async () => {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  for (const unit of [
    Buffer.from([0]),
    Buffer.from([255, 0]),
    Buffer.from("abc"),
    everyByte,
    noise.subarray(0, 32_768),
  ])
    for (const size of [0, 1, 15, 16, 17, 257, 2047, 2048, 2049, 32_767, 65_536, 70_000, 131_073, 400_000]) {
      const made = await sizeOf(Buffer.alloc(size, unit));
      if (unit.length <= 3) assert.ok(made <= 40 + size / 150, `${unit.length} ${size}: ${made}`);
    }
  const few = noise.map((byte) => 65 + (byte % 4));
  const packed = await sizeOf(Buffer.from(few));
  assert.ok(packed < few.length * 0.32, `${packed}`);
});

test("compress() skips through what cannot be compressed, and is awake again behind it", async () => {
  const words = Buffer.from(Array.from({ length: 3000 }, (_, n) => `word ${n % 97} of ${n % 11}\n`).join(""));
  const both = Buffer.concat([noise, words, noise, words]);
  const size = await sizeOf(both);
  assert.ok(size < 2 * noise.length * 1.001 + words.length * 0.5, `${size} of ${both.length}`);
});
