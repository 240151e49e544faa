import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CodeCache } from "../../builder/cli/code-cache.ts";

const PROGRAM = `(function (exports, require, module, __filename, __dirname, importPackage) {
exports.answer = (n) => n + 41; exports.file = __filename; exports.path = require("node:path").sep;
exports.lazy = () => importPackage("node:os"); })`;

interface Place extends Disposable {
  readonly folder: string;
  readonly file: string;
  /** One run of the program: what it answers, and whether code was kept for it. */
  run(): void;
}

function place(): Place {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  const program = join(directory, "program.cjs");
  const folder = join(directory, "code");
  writeFileSync(program, PROGRAM);
  return {
    folder,
    file: join(folder, "one"),
    run() {
      const cache = new CodeCache(folder, "one", 2);
      const exports = cache.load(program) as { answer(n: number): number; file: string; path: string };
      assert.deepEqual([exports.answer(1), exports.file, exports.path], [42, program, "/"]);
      cache.keep();
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
}

/** The file of a place after two runs: it has code then. */
function learnt(at: Place): Buffer {
  at.run();
  at.run();
  return readFileSync(at.file);
}

test("CodeCache keeps code at the second run, and writes no more after that", () => {
  using at = place();
  at.run();
  const marked = readFileSync(at.file);
  const code = learnt(at);
  assert.ok(marked.length < 100 && code.length > 300, `${marked.length}, ${code.length}`);
  const { ino } = statSync(at.file);
  at.run();
  assert.equal(statSync(at.file).ino, ino);
  assert.equal(statSync(at.file).mode & 0o777, 0o600);
});

test("CodeCache runs the program from its text where the code is torn, and learns anew", () => {
  for (const spoil of [
    (code: Buffer) => code.subarray(0, 200),
    (code: Buffer) => Buffer.concat([code, Buffer.of(0)]),
    (code: Buffer) => Buffer.from(code).fill(0, 150, 160),
    () => Buffer.alloc(0),
    () => Buffer.alloc(500),
  ]) {
    using at = place();
    writeFileSync(at.file, spoil(learnt(at)));
    at.run();
    assert.ok(readFileSync(at.file).length < 100);
  }
});

test("CodeCache trusts no code that others could have written", () => {
  using at = place();
  learnt(at);
  chmodSync(at.file, 0o666);
  at.run();
  assert.ok(readFileSync(at.file).length < 100);
});

test("CodeCache makes no store where there is none", () => {
  using at = place();
  const cache = new CodeCache(join(at.folder, "below"), "one", 2);
  cache.load(join(at.folder, "../program.cjs"));
  cache.keep();
  assert.equal(existsSync(at.folder), false);
});

test("a program of CodeCache can import", async () => {
  using at = place();
  const cache = new CodeCache(at.folder, "one", 2);
  const { lazy } = cache.load(join(at.folder, "../program.cjs")) as { lazy(): Promise<{ EOL: string }> };
  assert.equal((await lazy()).EOL, "\n");
});
