import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { sha256 } from "../../builder/core/digest.ts";
import { decompress, detectCompression, type Compression } from "../../builder/layers/decompress.ts";
import { gzipStream } from "../../builder/layers/gzip.ts";
import { zstdStream } from "../../builder/layers/zstd-frames.ts";
import { collect, piecesOf } from "./helpers.ts";

const noise = randomBytes(300_000);
const words = Buffer.from("layer of an image, ".repeat(40_000));
/** Three blocks for gzip, two for bzip2, with runs of every length. */
const mixed = Buffer.concat([
  words,
  noise,
  Buffer.alloc(1_500_000),
  ...Array.from({ length: 300 }, (_, n) => Buffer.alloc(n, n % 7)),
]);

async function* failing(begun: Buffer): AsyncGenerator<Uint8Array> {
  yield begun;
  throw Object.assign(new Error("connection lost"), { code: "ECONNRESET" });
}

test("gzipStream() makes what gunzip reads, the same for any cut of the input", async () => {
  for (const level of [1, 6, 9]) {
    const zipped = await collect(gzipStream(piecesOf(mixed, 99_991), level));
    assert.ok(gunzipSync(zipped).equals(mixed));
    assert.ok((await collect(gzipStream(piecesOf(mixed, 1 << 22), level))).equals(zipped));
    assert.deepEqual(
      [...zipped.subarray(0, 10)],
      [31, 139, 8, 0, 0, 0, 0, 0, { 1: 4, 9: 2 }[level] ?? 0, 255],
    );
  }
  assert.equal(gunzipSync(await collect(gzipStream(piecesOf(Buffer.alloc(0)), 6))).length, 0);
  assert.equal(gunzipSync(await collect(gzipStream(piecesOf(Buffer.alloc(1 << 20)), 6))).length, 1 << 20);
});

test("gzipStream() makes the bytes that it made yesterday", async () => {
  const zipped = await collect(gzipStream(piecesOf(Buffer.alloc(3_000_000, "tsbuild "), 4096), 6));
  assert.equal(sha256(zipped), "sha256:147c20d74901ce5d6d12ae2d0163399493302e0a90d898f18240c458e875a028");
});

test("gzipStream() is within 3 % of gzip -6", async () => {
  const text = Buffer.from(Array.from({ length: 200_000 }, (_, n) => `${n * 7919} ${n % 13}\n`).join(""));
  const zipped = await collect(gzipStream(piecesOf(text, 65_536), 6));
  assert.ok(zipped.length < gzipSync(text, { level: 6 }).length * 1.03);
});

test("gzipStream() passes a failing source's error on", async () => {
  await assert.rejects(collect(gzipStream(failing(mixed), 1)), { code: "ECONNRESET" });
});

test("zstdStream() makes frames that zstd and unzstd() read, the same for any cut of the input", async () => {
  const long = Buffer.concat([mixed, mixed, noise]);
  assert.ok(long.length > 4 << 20, "several frames");
  for (const level of [1, 3, 19]) {
    const zipped = await collect(zstdStream(piecesOf(long, 99_991), level));
    assert.ok((await collect(zstdStream(piecesOf(long, 1 << 22), level))).equals(zipped));
    assert.ok((await collect(decompress(piecesOf(zipped)))).equals(long));
    assert.ok(spawnSync("zstd", ["-dc"], { input: zipped, maxBuffer: 1 << 26 }).stdout.equals(long));
  }
  const nothing = await collect(zstdStream(piecesOf(Buffer.alloc(0)), 3));
  assert.equal(detectCompression(nothing), "zstd");
  assert.equal((await collect(decompress(piecesOf(nothing)))).length, 0);
});

test("zstdStream() makes the bytes that it made yesterday", async () => {
  const zipped = await collect(zstdStream(piecesOf(Buffer.alloc(5_000_000, "tsbuild "), 4096), 3));
  assert.equal(sha256(zipped), "sha256:28f0d06fa73a3cf2385edaed87cc12a117d96111a92de6cac1c1b78514675b90");
});

test("zstdStream() ends at once when its signal is aborted", async () => {
  const stop = new AbortController();
  const frames = zstdStream(piecesOf(Buffer.alloc(40 << 20, "tsbuild "), 1 << 20), 3, stop.signal);
  await frames.next();
  stop.abort(new Error("stopped"));
  await assert.rejects(collect(frames), /stopped/);
});

test("zstdStream() passes a failing source's error on", async () => {
  await assert.rejects(collect(zstdStream(failing(mixed), 1)), { code: "ECONNRESET" });
});

const commands: readonly [Compression, string, readonly string[]][] = [
  ["gzip", "gzip", ["-c"]],
  ["bzip2", "bzip2", ["-c"]],
  ["bzip2", "bzip2", ["-1c"]],
  ["xz", "xz", ["-c", "-0"]],
  ["zstd", "zstd", ["-qc"]],
  ["zstd", "zstd", ["-qc", "--no-check", "-1"]],
];

for (const [compression, command, args] of commands) {
  test(`decompress() reads what ${command} ${args.join(" ")} writes, one after the other, cut and damaged`, async (t) => {
    const run = spawnSync(command, args, { input: mixed, maxBuffer: 1 << 28 });
    if (run.status !== 0) return t.skip(`${command} is not installed`);
    const packed = run.stdout;
    assert.equal(detectCompression(packed), compression);
    assert.ok((await collect(decompress(piecesOf(packed, 10_007)))).equals(mixed));
    const twice = await collect(decompress(piecesOf(Buffer.concat([packed, packed]), 65_536), compression));
    assert.ok(twice.equals(Buffer.concat([mixed, mixed])));
    if (compression !== "zstd") {
      const padded = Buffer.concat([packed, Buffer.alloc(512)]);
      assert.ok((await collect(decompress(piecesOf(padded)))).equals(mixed));
    }
    for (const size of [7, 20, packed.length >> 1, packed.length - 1]) {
      await assert.rejects(collect(decompress(piecesOf(packed.subarray(0, size)), compression)), {
        code: "ARCHIVE_INVALID",
      });
    }
    const damaged = Buffer.from(packed).fill(0xa5, 1000, 1040);
    // Our own zstd checks no checksum: a layer's digest does.
    if (compression !== "zstd") {
      await assert.rejects(collect(decompress(piecesOf(damaged), compression)), { code: "ARCHIVE_INVALID" });
    }
  });
}

test("decompress() passes plain bytes and tiny files on", async () => {
  for (const data of [Buffer.alloc(0), Buffer.from("a"), words.subarray(0, 5000)]) {
    assert.ok((await collect(decompress(piecesOf(data, 3)))).equals(data));
  }
});

test("decompress() passes a failing source's error on as it is", async () => {
  const begun = gzipSync(noise).subarray(0, 1000);
  await assert.rejects(collect(decompress(failing(begun))), { code: "ECONNRESET" });
});

test("decompress() lets go of its source when nobody reads on", async () => {
  for (const compression of ["gzip", "none"] as const) {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        const packed = compression === "gzip" ? gzipSync(mixed) : mixed;
        for (let at = 0; at < packed.length; at += 1000) yield packed.subarray(at, at + 1000);
      } finally {
        closed = true;
      }
    }
    for await (const chunk of decompress(source(), compression)) if (chunk.length > 0) break;
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(closed, compression);
  }
});

test("detectCompression() needs the whole magic", () => {
  const cases: readonly [readonly number[], Compression][] = [
    [[], "none"],
    [[0x1f, 0x8b], "none"],
    [[0x1f, 0x8b, 8], "gzip"],
    [[0x42, 0x5a, 0x68, 0x30], "none"],
    [[0x42, 0x5a, 0x68, 0x39], "bzip2"],
    [[0x5e, 0x2a, 0x4d, 0x18], "zstd"],
    [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz"],
  ];
  for (const [head, expected] of cases) assert.equal(detectCompression(Uint8Array.from(head)), expected);
});

test("decompress() takes pieces whose memory is used again, and ends with the stream whatever follows it", async () => {
  const reused = Buffer.alloc(1000);
  const source = async function* (data: Buffer): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < data.length; at += 1000) {
      const size = data.copy(reused, 0, at, at + 1000);
      yield reused.subarray(0, size);
      reused.fill(0xee);
    }
  };
  const zipped = gzipSync(mixed);
  const zstd = await collect(zstdStream(piecesOf(mixed, 99_991), 3));
  const bzipped = spawnSync("bzip2", { input: mixed, maxBuffer: 1 << 24 }).stdout;
  const xzipped = spawnSync("xz", ["-1"], { input: mixed, maxBuffer: 1 << 24 }).stdout;
  for (const packed of [zipped, zstd, bzipped, xzipped, mixed])
    if (packed !== null) assert.ok((await collect(decompress(source(packed)))).equals(mixed));
  const more = Buffer.concat([zipped, Buffer.alloc(3_000_000)]);
  assert.ok((await collect(decompress(source(more)))).equals(mixed));
});
