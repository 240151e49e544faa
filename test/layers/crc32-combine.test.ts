import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { CombinedCrc32 } from "../../builder/layers/crc32-combine.ts";

test("CombinedCrc32 has the checksum of all parts in a row", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (parts) => {
      const combined = new CombinedCrc32();
      for (const part of parts) combined.add(crc32(part), part.length);
      assert.equal(combined.value, crc32(Buffer.concat(parts)));
    }),
  );
  const large = Buffer.alloc(3_000_000, "large parts");
  const combined = new CombinedCrc32();
  for (let at = 0; at < large.length; at += 1 << 20) {
    const part = large.subarray(at, at + (1 << 20));
    combined.add(crc32(part), part.length);
  }
  assert.equal(combined.value, crc32(large));
});
