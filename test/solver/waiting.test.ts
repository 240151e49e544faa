import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../builder/core/slots.ts";
import { build, copy, image, Machine, run, step } from "./fake.ts";

const VERTICES = [
  step("base", image(0, 0, 0)),
  step("a", run(1), "base"),
  step("b", run(2, 1), "base"),
  step("all", copy(1, 1), "a", "b"),
];

/** What waited in a build with so many slots, in which each step ends when the others have come as far as they can. */
async function waitedWith(exec: number): Promise<readonly string[]> {
  const attempt = build(new Machine(), VERTICES, {
    slots: new Slots({ network: 4, cpu: 4, exec }),
    onRun: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
  });
  await attempt.result("all");
  return attempt.events.flatMap((event) =>
    event.type === "step-waiting" ? [`${event.id} for a ${event.for}`] : [],
  );
}

test("a step that finds no free slot says that it waits for one", async () => {
  assert.deepEqual(await waitedWith(4), []);
  const waited = await waitedWith(1);
  assert.equal(waited.length, 1, waited.join());
  assert.match(waited[0] ?? "", /^[ab] for a slot$/);
});
