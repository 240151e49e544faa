import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildEvent } from "../builder/core/events.ts";
import { Running } from "../builder/running.ts";

const notice = (message: string): BuildEvent => ({ type: "notice", message });

test("a running work gives its result to who awaits it, and its events to who iterates", async () => {
  const work = new Running(async (emit) => {
    emit(notice("one"));
    await Promise.resolve();
    emit(notice("two"));
    emit(notice("three"));
    return 42;
  });
  const seen: BuildEvent[] = [];
  for await (const event of work) seen.push(event);
  assert.deepEqual(seen, [notice("one"), notice("two"), notice("three")]);
  assert.equal(await work, 42);
});

test("a running work misses no event where it ends before it is iterated", async () => {
  const work = new Running(async (emit) => emit(notice("only")));
  const events = work[Symbol.asyncIterator]();
  await work;
  assert.deepEqual(await events.next(), { done: false, value: notice("only") });
  assert.equal((await events.next()).done, true);
});

test("a failure ends the events, and is told to who waits for the result", async () => {
  const work = new Running(async (emit): Promise<void> => {
    emit(notice("before"));
    throw new Error("broken");
  });
  const seen: BuildEvent[] = [];
  for await (const event of work) seen.push(event);
  assert.equal(seen.length, 1);
  await assert.rejects(async () => work, /broken/);
});

test("who leaves the loop early leaves the work alone", async () => {
  const work = new Running(async (emit) => {
    for (const word of ["a", "b", "c"]) emit(notice(word));
    return "done";
  });
  for await (const event of work) {
    assert.deepEqual(event, notice("a"));
    break;
  }
  assert.equal(await work, "done");
});
