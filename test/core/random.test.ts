import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBelow, randomHex } from "../../builder/core/random.ts";

test("randomHex() is other bytes each time", () => {
  const seen = new Set(Array.from({ length: 1000 }, () => randomHex(8)));
  assert.equal(seen.size, 1000);
  assert.match(randomHex(32), /^[0-9a-f]{64}$/);
});

test("randomBelow() gives every number below its limit", () => {
  const seen = new Set(Array.from({ length: 1000 }, () => randomBelow(5)));
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4]);
});
