import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseIndex, serializeIndex } from "../../builder/layers/index-file.ts";
import { layers } from "./arbitraries.ts";
import { entryOf, fileOf, indexOf, tarOf } from "./helpers.ts";

test("parseIndex() gives back what serializeIndex() was given", () => {
  fc.assert(
    fc.property(layers, (changes) => {
      const index = indexOf(changes);
      assert.deepEqual(parseIndex(serializeIndex(index)), index);
    }),
  );
});

test("parseIndex() keeps offsets, and names that are keys of every object", async () => {
  const { index } = await tarOf([fileOf("__proto__", "x"), fileOf("etc/passwd", "root:x:0:0::/:/bin/sh\n")]);
  assert.deepEqual(parseIndex(serializeIndex(index)), index);
  const kept = index.changes.find((change) => change.kind === "entry" && change.entry.path === "etc/passwd");
  assert.equal(kept?.kind === "entry" ? kept.data : undefined, "root:x:0:0::/:/bin/sh\n");
});

test("parseIndex() says no to every torn file and to other versions", () => {
  const file = serializeIndex({ changes: [{ kind: "entry", entry: entryOf("a/b") }] });
  for (let size = 0; size < file.length; size++) assert.equal(parseIndex(file.subarray(0, size)), undefined);
  for (let at = 0; at < file.length; at++) {
    const damaged = Buffer.from(file);
    damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    assert.equal(parseIndex(damaged), undefined, `byte ${at}`);
  }
  assert.equal(parseIndex(Buffer.concat([file, Buffer.alloc(1)])), undefined);
});
