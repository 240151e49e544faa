import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import * as fc from "fast-check";
import { TsbuildError } from "../../builder/core/errors.ts";
import { decompress } from "../../builder/layers/decompress.ts";
import { compressFrame } from "../../builder/layers/zstd-frames.ts";
import { decodeFrames } from "../../builder/layers/zstd/frames.ts";
import { projectRoot } from "../support/project.ts";
import { collect, piecesOf } from "./helpers.ts";

const BLOCK = 128 * 1024;
const text = Buffer.from(Array.from({ length: 60_000 }, (_, n) => `${n * 7919} ${n % 13} ${n}\n`).join(""));
const samples: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  "one byte": Buffer.from("x"),
  "a few bytes": Buffer.from("abcabcabcabcabcabcabd"),
  "a run": Buffer.alloc(700_000, 7),
  noise: randomBytes(400_000),
  text,
  "of each kind": Buffer.concat([text, randomBytes(300_000), Buffer.alloc(500_000), text.subarray(1000)]),
};

for (const [name, sample] of Object.entries(samples)) {
  test(`decodeFrames() reads ${name}, whatever the level`, async (t) => {
    for (const level of [1, 3, 19]) {
      const frame = await compressFrame(sample, level);
      assert.ok((await collect(decodeFrames(piecesOf(frame, 4099)))).equals(sample), `level ${level}`);
    }
    const ultra = sample === samples["of each kind"] ? [["--ultra", "-22", "--long=27"]] : [];
    for (const args of [["-9", "--no-check"], ["--fast=5"], ...ultra]) {
      const { status, stdout } = spawnSync("zstd", ["-qc", ...args], { input: sample, maxBuffer: 1 << 26 });
      if (status !== 0) return t.skip("zstd is not installed");
      assert.ok((await collect(decodeFrames(piecesOf(stdout, 70_001)))).equals(sample), args.join(" "));
    }
  });
}

function block(type: 0 | 1 | 2, size: number, body: Uint8Array, isLast = false): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3);
  return Buffer.concat([header, body]);
}

/** A block that is one copy, and nothing else: each of its codes is the same all the time (RFC 8878, 3.1.1.3.2). */
function copyBlock(offset: number, length: number): Buffer {
  const code = 31 - Math.clz32(offset + 3);
  const bits =
    (1n << BigInt(code + 16)) | (BigInt(offset + 3 - (1 << code)) << 16n) | BigInt(length - 65_539);
  const stream = Buffer.alloc(Math.ceil((code + 17) / 8));
  for (let at = 0; at < stream.length; at++) stream[at] = Number((bits >> BigInt(8 * at)) & 0xffn);
  const body = Buffer.concat([Buffer.from([0, 1, 0b01010100, 0, code, 52]), stream]);
  return block(2, body.length, body);
}

/** A frame of these blocks, with a window of 128 MiB. */
function frameOf(blocks: readonly Buffer[]): Buffer {
  const end = block(0, 0, Buffer.alloc(0), true);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3]), ...blocks, end]);
}

test("decodeFrames() copies from anywhere in a window that is larger than its memory", async () => {
  const far = randomBytes(24 * 2 ** 20);
  const blocks: Buffer[] = [];
  for (let at = 0; at < far.length; at += BLOCK) blocks.push(block(0, BLOCK, far.subarray(at, at + BLOCK)));
  let expected = far;
  const copies: Buffer[] = [];
  for (let number = 0; number < 60; number++) {
    const length = 65_539 + ((number * 3571) % 60_000);
    const size = expected.length + copies.reduce((sum, { length: more }) => sum + more, 0);
    // From the first byte to the last, and over the edge of what is in memory.
    const offset = number === 0 ? size : length + ((number * 7_777_777) % (size - 2 * length));
    if (number % 8 === 0) expected = Buffer.concat([expected, ...copies.splice(0)]);
    const all = Buffer.concat([expected.subarray(-offset), ...copies]);
    const from = size - offset - (size - all.length);
    copies.push(all.subarray(from, from + length));
    blocks.push(copyBlock(offset, length));
  }
  const result = await collect(decodeFrames(piecesOf(frameOf(blocks), 1 << 20)));
  assert.ok(result.equals(Buffer.concat([expected, ...copies])));
});

test("decodeFrames() finds what is almost 128 MiB back, and no more", async () => {
  const runs = Array.from({ length: 1100 }, (_, n) => block(1, BLOCK, Buffer.of(n & 0xff)));
  const total = 1100 * BLOCK;
  for (const offset of [2 ** 27, 2 ** 27 - 5000, 100_000_000]) {
    let end = Buffer.alloc(0);
    for await (const piece of decodeFrames(piecesOf(frameOf([...runs, copyBlock(offset, 100_000)]), 1 << 20)))
      end = Buffer.concat([end, piece]).subarray(-100_000);
    const from = total - offset;
    assert.deepEqual(
      [end[0], end[50_000], end[99_999]],
      [from, from + 50_000, from + 99_999].map((at) => Math.floor(at / BLOCK) & 0xff),
    );
  }
  for (const [count, offset] of [
    [1100, 2 ** 27 + 1],
    [3, 3 * BLOCK + 1],
  ] as const) {
    const frame = frameOf([...runs.slice(0, count), copyBlock(offset, 100_000)]);
    await assert.rejects(collect(decodeFrames(piecesOf(frame, 1 << 20))), {
      code: "ARCHIVE_INVALID",
      message: /refers to what is not there/,
    });
  }
});

test("decodeFrames() never refers to the frame before", async () => {
  const two = Buffer.concat([frameOf([block(1, BLOCK, Buffer.of(1))]), frameOf([copyBlock(1, 70_000)])]);
  await assert.rejects(collect(decodeFrames(piecesOf(two))), /refers to what is not there/);
});

test("a frame whose content is another than its checksum says is damaged", async (t) => {
  const sample = randomBytes(300_000);
  const { status, stdout } = spawnSync("zstd", ["-qc", "--check"], { input: sample, maxBuffer: 1 << 26 });
  if (status !== 0) return t.skip("zstd is not installed");
  const whole = Buffer.concat([stdout, stdout]);
  assert.ok((await collect(decompress(piecesOf(whole)))).equals(Buffer.concat([sample, sample])));
  // Noise is stored as it is: without the checksum nobody would see it.
  for (const at of [stdout.length + 200_000, whole.length - 1]) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    for (const decoder of [decodeFrames(piecesOf(damaged)), decompress(piecesOf(damaged))])
      await assert.rejects(collect(decoder), { code: "ARCHIVE_INVALID", message: /checksum/ });
  }
});

test("a window larger than 8 MiB is read in bounded memory by every Node", async (t) => {
  const far = randomBytes(9 << 20);
  const sample = Buffer.concat([far, Buffer.alloc(1 << 20), far]);
  const pack = (...args: readonly string[]): Buffer =>
    spawnSync("zstd", ["-qc", ...args], { input: sample, maxBuffer: 1 << 26 }).stdout;
  const [long, short] = [pack("--long=27", "-1"), pack("-1")];
  if (long?.length === undefined) return t.skip("zstd is not installed");
  assert.ok(long.length < 10 << 20);
  assert.ok((await collect(decompress(piecesOf(long, 1 << 16)))).equals(sample));
  const mixed = await collect(decompress(piecesOf(Buffer.concat([short, long, short]), 1 << 16)));
  assert.ok(mixed.equals(Buffer.concat([sample, sample, sample])));
});

test("damaged zstd ends in an error of its own or in other bytes, and soon", async () => {
  const sample = Buffer.concat([text.subarray(0, 3000), randomBytes(200), text.subarray(500, 2500)]);
  const frames = [await compressFrame(sample, 1), await compressFrame(sample, 19)];
  const damage = fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...frames), damage, fc.nat(5000), async (frame, changes, cut) => {
      const damaged = Buffer.from(cut < frame.length && cut % 3 === 0 ? frame.subarray(0, cut) : frame);
      for (const [at, byte] of changes) if (damaged.length > 0) damaged[at % damaged.length] = byte;
      await collect(decompress(piecesOf(damaged, 999), "zstd")).catch((error: unknown) =>
        assert.ok(error instanceof TsbuildError && error.code === "ARCHIVE_INVALID", String(error)),
      );
    }),
    { numRuns: 2000 },
  );
});

test("decodeFrames() says what it cannot read", async () => {
  const refused: readonly [readonly number[], RegExp][] = [
    [[0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3, 1, 0, 0], /looks back 1024 MiB, more than 128/],
    [[0x28, 0xb5, 0x2f, 0xfd, 1, 0, 7, 1, 0, 0], /needs dictionary 7/],
    [[0x28, 0xb5, 0x2f, 0xfd, 8, 0, 1, 0, 0], /of a kind that is not known/],
    [[0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 1, 0, 0], /has 0 bytes instead of 5/],
    [[0x28, 0xb5, 0x2f, 0xfd, 0, 0, 7, 0, 0], /of a kind that is not known/],
    [[0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0xff, 0xff, 0xff], /longer than it may be/],
    [[0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0], /ends too early/],
    [[1, 2, 3, 4, 5], /something between its frames/],
    [[0x50, 0x2a, 0x4d, 0x18, 9, 0, 0, 0, 1], /ends too early/],
  ];
  for (const [bytes, message] of refused)
    await assert.rejects(collect(decodeFrames(piecesOf(Buffer.from(bytes)))), { message });
});

test("decodeFrames() stays below 120 MB with a window of 128 MiB", () => {
  // 512 MiB in a process of its own: what the kernel says that it had at most.
  const decoder = pathToFileURL(join(projectRoot, "dist/builder/layers/zstd/frames.js")).href;
  const program = `
    import { readFileSync } from "node:fs";
    const { decodeFrames } = await import(${JSON.stringify(decoder)});
    async function* source() {
      yield Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3]);
      const raw = Buffer.concat([Buffer.from([0, 0, 16]), Buffer.alloc(${BLOCK}, "tsbuild")]);
      for (let n = 0; n < 4096; n++) yield raw;
      yield Buffer.from([1, 0, 0]);
    }
    let size = 0;
    for await (const piece of decodeFrames(source())) size += piece.length;
    process.stdout.write(size + " " + /VmHWM:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  const [size = 0, kilobytes = Infinity] = run.stdout.split(" ").map(Number);
  assert.equal(size, 4096 * BLOCK, run.stderr);
  assert.ok(kilobytes < 117_000, `${kilobytes} kB`);
});

test("decodeFrames() gives what the wasm library gave of a layer of several frames", async () => {
  const parts = [text, randomBytes(90_000), text];
  const frames = await Promise.all(parts.map((part) => compressFrame(part, 3)));
  const hash = createHash("sha256");
  for await (const piece of decodeFrames(piecesOf(Buffer.concat(frames), 333))) hash.update(piece);
  assert.equal(hash.digest("hex"), createHash("sha256").update(Buffer.concat(parts)).digest("hex"));
});
