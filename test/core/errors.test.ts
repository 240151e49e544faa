import assert from "node:assert/strict";
import { readFileSync, renameSync } from "node:fs";
import { test } from "node:test";
import { messageOf } from "../../builder/core/errors.ts";

test("messageOf() says of a system call that failed why, and neither its name nor its paths", () => {
  const cases: readonly (readonly [() => unknown, string])[] = [
    [() => readFileSync("/nowhere, really/'it's'"), "no such file or directory"],
    [() => renameSync("/nowhere", "/there"), "no such file or directory"],
    [() => readFileSync("/"), "illegal operation on a directory"],
    [() => JSON.parse("{"), "Expected property name or '}' in JSON at position 1"],
  ];
  for (const [work, message] of cases) {
    let thrown: unknown;
    try {
      work();
    } catch (error) {
      thrown = error;
    }
    assert.ok(messageOf(thrown).startsWith(message), messageOf(thrown));
  }
  assert.equal(messageOf("a text"), "a text");
});
