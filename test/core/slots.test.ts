import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../builder/core/slots.ts";

test("slots are full while as much runs as may, of each resource on its own", async () => {
  const slots = new Slots({ network: 1, cpu: 1, exec: 2 });
  const ends: (() => void)[] = [];
  const work = (): Promise<void> => new Promise((resolve) => void ends.push(resolve));
  const first = slots.use("exec", undefined, work);
  assert.equal(slots.isFull("exec"), false);
  const second = slots.use("exec", undefined, work);
  assert.equal(slots.isFull("exec"), true);
  assert.equal(slots.isFull("cpu"), false);
  while (ends.length < 2) await new Promise((resolve) => setImmediate(resolve));
  for (const end of ends) end();
  await Promise.all([first, second]);
  assert.equal(slots.isFull("exec"), false);
  await assert.rejects(
    slots.use("exec", undefined, async () => Promise.reject(new Error("broke"))),
    /broke/,
  );
  assert.equal(slots.isFull("exec"), false);
});

test("a server that never answers takes the slots toward it alone", async () => {
  const slots = new Slots({ network: 1, cpu: 1, exec: 1 });
  const giveUp = new AbortController();
  const hang = (): Promise<never> =>
    new Promise((_, reject) => giveUp.signal.addEventListener("abort", () => reject(new Error("gone"))));
  const hanging = slots.toward("dead.test").use("network", undefined, hang);
  assert.equal(await slots.toward("alive.test").use("network", undefined, async () => "pushed"), "pushed");
  assert.equal(await slots.use("network", undefined, async () => "pulled"), "pulled");
  assert.equal(slots.toward("dead.test").isFull("network"), true);
  giveUp.abort();
  await assert.rejects(hanging, /gone/);
});
