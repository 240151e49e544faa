import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import type { Bytes } from "../../builder/core/bytes.ts";
import type { FileWatch } from "../../builder/core/entry.ts";
import { sha256 } from "../../builder/core/digest.ts";
import { parseIndex, serializeIndex } from "../../builder/layers/index-file.ts";
import type { NewChange } from "../../builder/layers/types.ts";
import { writeLayer } from "../../builder/layers/write-layer.ts";
import { change, entryOf, tarOf } from "./helpers.ts";

const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(directory, { recursive: true }));

/** Sizes around a block's, and one beyond what is copied at one go. */
const CONTENTS = [0, 1, 511, 512, 513, 70_000, 5 << 20].map((size, index) => Buffer.alloc(size, `${index}`));
for (const [index, data] of CONTENTS.entries()) writeFileSync(join(directory, String(index)), data);

interface File {
  readonly name: string;
  readonly content: number;
  readonly mode: number;
  readonly mtime: number;
}

const files = fc.uniqueArray(
  fc.record<File>({
    // A long name has a header of several blocks, one below a/ comes after a directory.
    name: fc.oneof(
      fc.constantFrom("a/x", "a/y", "b", "etc", "c/d/e", `${"n".repeat(120)}é`),
      fc.stringMatching(/^[f-z]{1,2}$/),
    ),
    content: fc.oneof({ weight: 20, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.constant(6) }),
    mode: fc.constantFrom(0o644, 0o644, 0o644, 0o755),
    mtime: fc.constantFrom(1, 1, 1, 5_000),
  }),
  { selector: ({ name }) => name, maxLength: 40 },
);

function changesOf(list: readonly File[], read: (path: Bytes) => void = () => {}): NewChange[] {
  const watch = (at: Bytes): FileWatch => ({
    checked: (_id, now) => void (now !== undefined && read(at)),
    learned: () => {},
  });
  const folders = list.some(({ name }) => name.startsWith("a/")) ? [change("a", "directory")] : [];
  return [
    ...folders,
    ...list.map(({ name, content, mode, mtime }): NewChange => {
      const data = CONTENTS[content] ?? Buffer.alloc(0);
      const path = join(directory, String(content)) as Bytes;
      return {
        kind: "entry",
        entry: entryOf(Buffer.from(name).toString("latin1"), "file", { size: data.length, mode, mtime }),
        content: { kind: "file", path, digest: sha256(data), watch: watch(path) },
      };
    }),
  ];
}

test("writeLayer() makes the same tar and index with an earlier layer as without", async () => {
  await fc.assert(
    fc.asyncProperty(files, files, fc.constantFrom(undefined, 1000), async (before, extra, epoch) => {
      // The new layer: some of the old files as they were, some replaced, some new.
      const after = [...before.filter((_, index) => index % 3 !== 2), ...extra];
      const unique = [...new Map(after.map((file) => [file.name, file])).values()];
      const options = epoch === undefined ? {} : { epoch };
      const old = await tarOf(changesOf(before), options);
      const plain = await tarOf(changesOf(unique), options);
      const index = parseIndex(serializeIndex(old.index)) ?? assert.fail("an index that is read back");
      assert.deepEqual(index, old.index);
      const chunks: Buffer[] = [];
      const copy = (offset: number, size: number): void =>
        void chunks.push(Buffer.from(old.tar.subarray(offset, offset + size)));
      const out = (chunk: Uint8Array): void => void chunks.push(Buffer.from(chunk));
      const fast = await writeLayer(changesOf(unique), out, { ...options, earlier: { index, copy } });
      assert.deepEqual(fast, plain.index);
      assert.ok(Buffer.concat(chunks).equals(plain.tar));
    }),
    { numRuns: 150 },
  );
});

test("writeLayer() reads no file that an earlier layer has, and copies those side by side at one go", async () => {
  const list = Array.from({ length: 50 }, (_, at) => ({
    name: `f${at}`,
    content: at % 6,
    mode: 0o644,
    mtime: 1,
  }));
  const old = await tarOf(changesOf(list));
  const read: Bytes[] = [];
  const copied: number[] = [];
  const next = list.map((file) => (file.name === "f25" ? { ...file, content: 5 } : file));
  await writeLayer(
    changesOf(next, (path) => read.push(path)),
    () => {},
    {
      earlier: { index: old.index, copy: (_, size) => void copied.push(size) },
    },
  );
  assert.deepEqual(read, [join(directory, "5")]);
  assert.equal(copied.length, 2);
});
