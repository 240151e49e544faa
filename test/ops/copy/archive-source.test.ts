import assert from "node:assert/strict";
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { bytesOf } from "../../../builder/core/bytes.ts";
import type { Content } from "../../../builder/core/entry.ts";
import { isArchive, openArchive } from "../../../builder/ops/copy/archive-source.ts";

test("isArchive() has closed the file when it answers, and closes no other one after that", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    const path = join(folder, "big");
    writeFileSync(path, Buffer.alloc(5_000_000, "x"));
    assert.equal(await isArchive({ kind: "file", path: bytesOf(path) }), false);
    const next = openSync(path, "r");
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.equal(fstatSync(next).size, 5_000_000);
    closeSync(next);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function text(content: Content): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of openArchive(content)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("openArchive() reads a part of a file, and all of it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, "0123456789");
    assert.equal(await text({ kind: "file", path: bytesOf(path) }), "0123456789");
    assert.equal(await text({ kind: "range", path, offset: 2, size: 3 }), "234");
    assert.equal(await text({ kind: "range", path, offset: 2, size: 0 }), "");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
