import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { Hasher, sha256, sha256Bytes } from "../../builder/core/digest.ts";
import { sha256Small, SMALL } from "../../builder/core/sha256-small.ts";
import { projectRoot } from "../support/project.ts";

const expected = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");

test("sha256Small() agrees with node:crypto at every length around its blocks, and at the largest", () => {
  for (const length of [...Array.from({ length: 260 }, (_, index) => index), SMALL - 1, SMALL]) {
    const data = randomBytes(length);
    assert.equal(sha256Small(data).toString("hex"), expected(data), `${length} bytes`);
  }
  // Each word of it is full.
  const ones = Buffer.alloc(1000, 0xff);
  assert.equal(sha256Small(ones).toString("hex"), expected(ones));
});

test("sha256() and Hasher agree with node:crypto however much they are given, and in whatever pieces", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: "binary", maxLength: 50 }),
    fc.integer({ min: 0, max: 40_000 }).map((length) => new Uint8Array(length).fill(length)),
  );
  // More than is hashed without node:crypto in one process.
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const hasher = new Hasher();
      for (const one of pieces) hasher.update(one);
      const all = Buffer.concat(pieces.map((one) => Buffer.from(one as string)));
      assert.equal(hasher.digest(), `sha256:${expected(all)}`);
      assert.equal(sha256Bytes(all).toString("hex"), expected(all));
      for (const one of pieces) assert.equal(sha256(one), `sha256:${expected(one)}`);
    }),
  );
});

test("Hasher takes bytes as they are when it is given them", () => {
  const data = Buffer.from("before");
  const hasher = new Hasher().update(data);
  data.fill(0);
  assert.equal(hasher.digest(), `sha256:${expected("before")}`);
});

test("the code of sha256Small() is what .ci/sha256-wasm.mjs assembles", () => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  using _ = { [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
  const made = join(directory, "code.ts");
  execFileSync(process.execPath, [join(projectRoot, ".ci/sha256-wasm.mjs"), made]);
  assert.equal(
    readFileSync(made, "utf8"),
    readFileSync(join(projectRoot, "builder/core/sha256-code.ts"), "utf8"),
  );
});
