import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CodeCache } from "../../builder/cli/code-cache.ts";

const SCRIPT = "((n) => n + 41)";

interface Place extends Disposable {
  readonly folder: string;
  readonly file: string;
  /** One run of the script, which has to answer whatever the file has. */
  run(): void;
}

function place(): Place {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  const file = join(directory, "code/one");
  return {
    folder: join(directory, "code"),
    file,
    run() {
      const cache = new CodeCache(file, 2);
      const script = cache.evaluate(SCRIPT, "script.cjs") as (n: number) => number;
      assert.equal(script(1), 42);
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

test("CodeCache runs the script from its text where the code is torn, and learns anew", () => {
  for (const spoil of [
    (code: Buffer) => code.subarray(0, 200),
    (code: Buffer) => Buffer.concat([code, Buffer.of(0)]),
    () => Buffer.alloc(0),
    () => Buffer.alloc(3),
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
  const cache = new CodeCache(join(at.folder, "below/one"), 2);
  cache.evaluate(SCRIPT, "script.cjs");
  cache.keep();
  assert.equal(existsSync(at.folder), false);
});
