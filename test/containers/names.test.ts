import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedName, isContainerName, newName } from "../../builder/containers/names.ts";
import { checkedSignal, stopSignalOf } from "../../builder/containers/signals.ts";

test("names are docker's, and never paths", () => {
  for (const name of ["web", "a1", "0_x.y-z", "A".repeat(128)]) assert.equal(checkedName(`/${name}`), name);
  for (const name of [
    "",
    "a",
    "-x",
    ".x",
    "..",
    "../up",
    "a/b",
    "a b",
    "a\nb",
    "\u202ename",
    "ä1",
    "x".repeat(129),
  ])
    assert.throws(() => checkedName(name), /Cannot name a container/, name);
});

test("newName() gives what nobody has", () => {
  const taken = new Set<string>();
  for (let count = 0; count < 6000; count++) {
    const name = newName(taken);
    assert.ok(isContainerName(name) && !taken.has(name), name);
    taken.add(name);
  }
});

test("signals are names with or without SIG, or numbers", () => {
  const table: readonly (readonly [text: string, number: number])[] = [
    ["SIGTERM", 15],
    ["term", 15],
    ["KILL", 9],
    ["CLD", 17],
    ["9", 9],
    ["RTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["RTMAX-1", 63],
    ["64", 64],
  ];
  for (const [text, number] of table) assert.equal(checkedSignal(text), number, text);
  for (const text of ["", "0", "65", "-9", "SIG", "TERMS", "RTMIN+99", "constructor"])
    assert.throws(() => checkedSignal(text), /there is no such signal/, text);
  assert.equal(stopSignalOf(undefined), 15);
  assert.equal(stopSignalOf("nonsense"), 15);
});
