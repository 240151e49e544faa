import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { Xxh64 } from "../../builder/layers/zstd/xxh64.ts";
import { projectRoot } from "../support/project.ts";

function low(...pieces: readonly Uint8Array[]): number {
  const hash = new Xxh64();
  for (const piece of pieces) hash.update(piece);
  return hash.low();
}

test("Xxh64 gives what xxhash gives", () => {
  // xxhsum -H1 of these.
  assert.equal(low(), 0x51d8e999);
  assert.equal(low(Buffer.from("a")), 0xa98c6e5b);
  assert.equal(low(Buffer.from("Nobody inspects the spammish repetition")), 0x8a378bf1);
});

test("Xxh64 gives the same in whatever pieces, and again when it is reset", () => {
  const hash = new Xxh64();
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), fc.nat(70_000), (pieces, size) => {
      const all = [...pieces, new Uint8Array(size).fill(size)];
      hash.reset();
      for (const piece of all) hash.update(piece);
      assert.equal(hash.low(), low(Buffer.concat(all)));
    }),
    { numRuns: 40 },
  );
});

test("the code of Xxh64 is what .ci/xxh64-wasm.mjs assembles", () => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  using _ = { [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
  const made = join(directory, "code.ts");
  execFileSync(process.execPath, [join(projectRoot, ".ci/xxh64-wasm.mjs"), made]);
  const kept = join(projectRoot, "builder/layers/zstd/xxh64-code.ts");
  assert.equal(readFileSync(made, "utf8"), readFileSync(kept, "utf8"));
});
