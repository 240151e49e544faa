import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { mapAtMost } from "../../builder/core/map-at-most.ts";

test("mapAtMost() keeps the order of the items and runs no more at a time than asked", async () => {
  let running = 0;
  let most = 0;
  const doubled = await mapAtMost(3, [1, 2, 3, 4, 5, 6, 7], async (item) => {
    most = Math.max(most, ++running);
    await setImmediate();
    running--;
    return item * 2;
  });
  assert.deepEqual(doubled, [2, 4, 6, 8, 10, 12, 14]);
  assert.equal(most, 3);
});

test("mapAtMost() begins nothing after a failure and waits for what had begun", async () => {
  const begun: number[] = [];
  const done: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    if (item === 1) throw new Error("the first");
    await setImmediate();
    done.push(item);
  };
  await assert.rejects(mapAtMost(2, [0, 1, 2, 3], work), /the first/);
  assert.deepEqual(begun, [0, 1]);
  assert.deepEqual(done, [0]);
});
