import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Slots } from "../../builder/core/slots.ts";
import { Machine, build, type Build, type Files } from "./fake.ts";
import { graphOf, shapes } from "./graphs.ts";

const FILES: Files = [0, 1, 2];

/** How long a step takes, in turns of the event loop, and which steps fail; the caller gives up at a turn. */
const trouble = fc.record({
  turns: fc.array(fc.nat(4), { minLength: 4, maxLength: 4 }),
  broken: fc.array(fc.nat(11), { maxLength: 2 }),
  interruptAfter: fc.option(fc.nat(6), { nil: undefined }),
  lost: fc.array(fc.nat(20), { maxLength: 4 }),
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Every step that began has ended, once, and nothing began after the failure. */
function checkEvents({ log }: Build): void {
  const begun = log.filter((line) => line.startsWith("started ")).map((line) => line.slice(8));
  for (const id of begun) {
    const ends = log.filter((line) => /^(done|failed|canceled) /.test(line) && line.endsWith(` ${id}`));
    assert.equal(ends.length, 1, `${id} in ${log.join(", ")}`);
  }
  const failure = log.findIndex((line) => line.startsWith("failed "));
  const after = failure < 0 ? [] : log.slice(failure).filter((line) => line.startsWith("started "));
  assert.deepEqual(after, []);
}

test("solve() ends orderly and leaves a good cache, whatever fails, is interrupted or lost in between", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.array(trouble, { minLength: 1, maxLength: 3 }), async (shape, troubles) => {
      const vertices = graphOf(shape, FILES);
      const target = vertices.at(-1)?.id ?? "";
      const expected = await build(new Machine(), vertices).result(target);
      const machine = new Machine();
      for (const { turns: delays, broken, interruptAfter, lost } of troubles) {
        const interrupt = new AbortController();
        const attempt = build(machine, vertices, {
          signal: interrupt.signal,
          slots: new Slots({ network: 1, cpu: 1, exec: 2 }),
          async onRun(id) {
            const number = vertices.findIndex((vertex) => vertex.id === id);
            await turns(delays[number % delays.length] ?? 0);
            if (broken.includes(number)) throw new Error(`${id} broke`);
          },
        });
        const ended = attempt.result(target).then(
          (files) => assert.deepEqual(files, expected),
          (error: Error) => assert.match(error.message, / broke$|it was interrupted$/),
        );
        if (interruptAfter !== undefined) {
          await turns(interruptAfter);
          interrupt.abort();
        }
        await ended;
        checkEvents(attempt);
        const records = [...machine.records.keys()];
        const layers = [...machine.layers.keys()];
        for (const [index, number] of lost.entries()) {
          const [record, layer] = [records[number % records.length], layers[number % layers.length]];
          if (index % 2 === 0 && record !== undefined) machine.records.delete(record);
          if (index % 2 === 1 && layer !== undefined) machine.layers.delete(layer);
        }
      }
      const last = build(machine, vertices);
      assert.deepEqual(await last.result(target), expected);
      checkEvents(last);
    }),
    { numRuns: 200 },
  );
});
