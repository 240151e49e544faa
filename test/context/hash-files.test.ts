import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FileReader, type HashedFile } from "../../builder/context/files.ts";
import { hashFiles } from "../../builder/context/hash-files.ts";
import type { Bytes } from "../../builder/core/bytes.ts";
import { hash } from "node:crypto";

/** Enough that a second thread takes part, with a file of every size that is treated in a way of its own. */
const COUNT = 3500;

test("hashFiles() hashes each of many files, and tells of a missing one what the reader says of it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    const files = Array.from({ length: COUNT }, (_, index) => ({
      path: `${index % 10}/${index === 7 ? "n\xc3\xa4me" : `file-${index}`}` as Bytes,
      size: index === 0 ? 0 : index === 1 ? 9 << 20 : (index * 7) % 5000,
    }));
    const data = Buffer.alloc(9 << 20, "0123456789");
    for (let folder = 0; folder < 10; folder++) mkdirSync(join(directory, String(folder)));
    for (const [index, { path, size }] of files.entries()) {
      data.writeUInt32LE(index);
      writeFileSync(Buffer.from(`${directory}/${path}`, "latin1"), data.subarray(0, size));
    }
    const reader = new FileReader(directory as Bytes);
    const found = new Map<Bytes, HashedFile>();
    const start = Date.now();
    await hashFiles(directory as Bytes, reader, files, ({ path }, hashed, readAt) => {
      assert.ok(readAt >= start && readAt <= Date.now());
      found.set(path, hashed);
    });
    assert.equal(found.size, COUNT);
    for (const [index, { path, size }] of files.entries()) {
      data.writeUInt32LE(index);
      const { digest, stats } = found.get(path) ?? assert.fail(path);
      assert.equal(digest, `sha256:${hash("sha256", data.subarray(0, size))}`);
      assert.deepEqual([stats.size, stats.mtimeMs], [size, reader.hash(path).stats.mtimeMs]);
    }
    const missing = [...files, { path: "3/none" as Bytes, size: 1 }];
    await assert.rejects(
      hashFiles(directory as Bytes, reader, missing, () => {}),
      /Cannot read "3\/none" of the context: it is not there any more/,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
