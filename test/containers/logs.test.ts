import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { LogFile, mendLog, type LogPiece } from "../../builder/containers/log-file.ts";
import { LogTail } from "../../builder/containers/log-tail.ts";

function piece(data: string, stream = 1, time = 1n): Buffer {
  const header = Buffer.alloc(16);
  header.writeBigUInt64LE(time, 0);
  header.writeUInt32LE(Buffer.byteLength(data), 8);
  header[12] = stream;
  return Buffer.concat([header, Buffer.from(data)]);
}

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

function read(log: LogFile): string {
  return [...log.pieces()].map(({ data, stream }) => `${stream[3]}:${data.toString()}`).join(" ");
}

test("LogFile reads the old part and then the new one", (t) => {
  const directory = folder(t);
  writeFileSync(join(directory, "log.1"), Buffer.concat([piece("a"), piece("b", 2)]));
  writeFileSync(join(directory, "log"), piece("c"));
  using log = new LogFile(directory);
  assert.equal(read(log), "o:a e:b o:c");
  assert.equal(read(log), "");
});

test("LogFile goes on where it was, also when the log becomes the old part", (t) => {
  const directory = folder(t);
  using log = new LogFile(directory);
  assert.equal(read(log), "");
  const path = join(directory, "log");
  const cut = piece("second");
  writeFileSync(path, Buffer.concat([piece("first"), cut.subarray(0, 20)]));
  assert.equal(read(log), "o:first");
  appendFileSync(path, cut.subarray(20));
  renameSync(path, `${path}.1`);
  writeFileSync(path, piece("third", 2));
  assert.equal(read(log), "o:second e:third");
});

test("LogFile stops at a torn end, and refuses what is no log", (t) => {
  const directory = folder(t);
  writeFileSync(join(directory, "log"), Buffer.concat([piece("whole"), piece("torn").subarray(0, 18)]));
  {
    using log = new LogFile(directory);
    assert.equal(read(log), "o:whole");
  }
  for (const bad of [piece("x", 3), Buffer.alloc(64, 0xff)]) {
    writeFileSync(join(directory, "log"), bad);
    using log = new LogFile(directory);
    assert.throws(() => read(log), /Cannot read the log: it is damaged/);
  }
});

test("mendLog() cuts off what is torn, and nothing else", (t) => {
  const directory = folder(t);
  const path = join(directory, "log");
  mendLog(directory);
  const whole = Buffer.concat([piece("one"), piece("two", 2)]);
  for (const torn of [
    Buffer.alloc(0),
    piece("x").subarray(0, 5),
    piece("torn").subarray(0, 18),
    Buffer.alloc(4096),
  ]) {
    writeFileSync(path, Buffer.concat([whole, torn]));
    mendLog(directory);
    assert.deepEqual(readFileSync(path), whole);
  }
});

test("LogTail keeps the last lines, however they come in pieces", () => {
  const text = fc.array(fc.constantFrom("a", "bc", "\n", "d\ne", "\n\n"), { maxLength: 30 });
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 8 }), (parts, most) => {
      const tail = new LogTail(most);
      for (const part of parts) tail.add({ stream: "stdout", time: 1n, data: Buffer.from(part) });
      const lines = parts.join("").match(/[^\n]*\n|[^\n]+$/g) ?? [];
      const kept = most === 0 ? [] : lines.slice(-most);
      assert.deepEqual(
        [...tail.pieces()].map(({ data }) => data.toString()),
        kept,
      );
    }),
  );
});

test("LogTail counts lines of both streams in the order in which they began", () => {
  const tail = new LogTail(2);
  const add = (stream: LogPiece["stream"], data: string, time: bigint): void =>
    tail.add({ stream, time, data: Buffer.from(data) });
  add("stdout", "one\ntw", 1n);
  add("stderr", "err\n", 2n);
  add("stdout", "o\n", 3n);
  assert.deepEqual(
    [...tail.pieces()].map(({ stream, time, data }) => [stream, time, data.toString()]),
    [
      ["stdout", 1n, "two\n"],
      ["stderr", 2n, "err\n"],
    ],
  );
});
