import { test } from "node:test";
import assert from "node:assert/strict";
import { getHeapSpaceStatistics } from "node:v8";
import { secondThread } from "../../builder/core/second-thread.ts";
import { inSmallYoungSpace } from "../../builder/core/young-space.ts";

test("inSmallYoungSpace() keeps the space as it is when a thread has begun meanwhile", async () => {
  const kept: object[] = [];
  await inSmallYoungSpace(async () => {
    const thread = await secondThread();
    await thread?.begun;
    const before = youngSpace();
    await inSmallYoungSpace(async () => {
      for (let count = 0; count < 200_000; count++) kept.push({ count, list: [count] });
    });
    // The half that was not in use yet may be from now on.
    assert.ok(youngSpace() <= 2 * before, `${youngSpace()} bytes after ${before}`);
  });
  assert.equal(kept.length, 200_000);
});

function youngSpace(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;
}
