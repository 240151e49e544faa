import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { crc32, gunzipSync, gzipSync, inflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { sha256 } from "../../../builder/core/digest.ts";
import { DeflateProcess } from "../../../runtime/deflate/deflate-process.ts";
import { gzipFile } from "../../../runtime/deflate/gzip-file.ts";

const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, "file");

const PART = 1 << 20;
const WINDOW = 32 * 1024;
/** An empty final block: what makes blocks that are not the last ones a whole stream. */
const END = Buffer.from([3, 0]);

const program = readFileSync(process.execPath).subarray(0, 3 * PART + 12_345);
const text = Buffer.from(Array.from({ length: 200_000 }, (_, n) => `${n * 7919} ${n % 13}\n`).join(""));
const noise = randomBytes(PART + 5);

/** All bytes: a piece is overwritten by the next one. */
async function collect(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const piece of pieces) copies.push(Buffer.from(piece));
  return Buffer.concat(copies);
}

function gzipOf(data: Uint8Array): Promise<Buffer> {
  writeFileSync(path, data);
  return collect(gzipFile(path));
}

test("gzipFile() makes what gunzip reads, of any size and kind", async () => {
  const sizes = [0, 1, 2, 3, 4, 5, 257, 258, 259, 65_535, 65_536, PART - 1, PART, PART + 1, PART + WINDOW];
  const repeated = Buffer.alloc(PART + WINDOW, "abc");
  for (const size of sizes)
    for (const data of [repeated, program, noise])
      assert.ok(gunzipSync(await gzipOf(data.subarray(0, size))).equals(data.subarray(0, size)), `${size}`);
  const all = Buffer.concat([program, text, noise, Buffer.alloc(2 * PART), program, noise]);
  const zipped = await gzipOf(all);
  assert.ok(gunzipSync(zipped).equals(all));
  assert.ok((await gzipOf(all)).equals(zipped));
  assert.deepEqual([...zipped.subarray(0, 10)], [31, 139, 8, 0, 0, 0, 0, 0, 0, 255]);
});

test("gzipFile() stores what cannot be compressed", async () => {
  assert.ok((await gzipOf(noise)).length < noise.length * 1.001 + 100);
});

test("gzipFile() makes the bytes that it made yesterday", async () => {
  const lines = Array.from({ length: 60_000 }, (_, n) => `${n % 977} line of ${(n * 31) % 4099}\n`).join("");
  assert.equal(
    sha256(await gzipOf(Buffer.from(lines))),
    "sha256:b7958b4d7a3b40444a22de1bb21bc1d528fdd4e789781247af252090a26e5b63",
  );
});

test("gzipFile() is within 3 % of gzip -6", async () => {
  for (const data of [text, program])
    assert.ok((await gzipOf(data)).length < gzipSync(data, { level: 6 }).length * 1.03);
});

test("gzipFile() says what is wrong with a file that is not there or that has become shorter", async () => {
  await assert.rejects(collect(gzipFile(join(directory, "none"))), { code: "ENOENT" });
  writeFileSync(path, Buffer.alloc(40 * PART, "x"));
  const pieces = gzipFile(path);
  await pieces.next();
  truncateSync(path, 20 * PART + 5);
  await assert.rejects(collect(pieces), /Cannot read the layer.*: it is shorter than it was/);
});

test("gzipFile() ends its processes when nobody wants more", async () => {
  writeFileSync(path, Buffer.concat(Array.from({ length: 10 }, () => program)));
  for await (const piece of gzipFile(path)) if (piece.length > 100) break;
});

/** A file of pieces that are like one another, as deflate finds them near and far. */
const contents = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constant("run" as const), byte: fc.nat(255), size: fc.nat(2000) }),
      fc.record({
        kind: fc.constant("noise" as const),
        byte: fc.integer({ min: 1, max: 255 }),
        size: fc.nat(3000),
      }),
      fc.record({ kind: fc.constant("again" as const), byte: fc.nat(40_000), size: fc.nat(600) }),
    ),
    { maxLength: 80 },
  )
  .map((pieces) => {
    let data = Buffer.alloc(0);
    let seed = 1;
    for (const { kind, byte, size } of pieces) {
      const piece = Buffer.alloc(size, byte);
      if (kind === "noise")
        for (let at = 0; at < size; at++)
          piece[at] = (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % byte;
      if (kind === "again") data.copy(piece, 0, Math.max(0, data.length - byte));
      data = Buffer.concat([data, piece]);
    }
    return data;
  });

test("compress() makes blocks that inflate with what is known before them", async () => {
  writeFileSync(path, "");
  const fd = openSync(path, "r");
  try {
    await using deflater = new DeflateProcess(fd);
    await fc.assert(
      fc.asyncProperty(contents, fc.nat(), fc.nat(), async (data, from, before) => {
        writeFileSync(path, data);
        const offset = from % (data.length + 1);
        const known = before % (Math.min(offset, WINDOW) + 1);
        const part = await deflater.compress({ offset, known, size: data.length - offset });
        assert.equal(part.checksum, crc32(data.subarray(offset)));
        const dictionary = data.subarray(offset - known, offset);
        const inflated = inflateRawSync(
          Buffer.concat([deflater.read(part, Buffer.alloc(0)), END]),
          known > 0 ? { dictionary } : {},
        );
        assert.ok(inflated.equals(data.subarray(offset)));
      }),
      { numRuns: 400 },
    );
    await assert.rejects(deflater.compress({ offset: 5, known: 6, size: 1 }), {
      code: "HELPER_FAILED",
      message: /Cannot compress a part/,
    });
  } finally {
    closeSync(fd);
  }
});
