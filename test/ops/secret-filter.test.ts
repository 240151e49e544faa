import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { SecretFilter } from "../../builder/ops/secret-filter.ts";

function filter(secrets: readonly string[], pieces: readonly string[]): string {
  const made = new SecretFilter(secrets.map((secret) => Buffer.from(secret)));
  return Buffer.concat([...pieces.map((piece) => made.push(Buffer.from(piece))), made.end()]).toString();
}

test("push() hides a secret that comes in pieces", () => {
  assert.equal(filter(["hunter22"], ["my hun", "ter", "22 is"]), "my *** is");
});

test("push() hides a file's secret that is printed without its last newline", () => {
  assert.equal(filter(["hunter22\n"], ["it is hunter22."]), "it is ***.");
});

test("push() lets what only begins like a secret through", () => {
  assert.equal(filter(["hunter22"], ["hun", "dred"]), "hundred");
});

test("push() leaves everything alone where nothing is secret", () => {
  assert.equal(filter([], ["a", "b"]), "ab");
});

test("push() shows the same however the output is cut", () => {
  const word = fc.stringMatching(/^[ab]{4,6}$/);
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 3 }),
      fc.array(fc.stringMatching(/^[abc]{0,8}$/)),
      (secrets, pieces) => {
        const whole = filter(secrets, [pieces.join("")]);
        for (const secret of secrets) assert.ok(!whole.includes(secret));
        assert.ok(secrets.every((secret) => !filter(secrets, pieces).includes(secret)));
      },
    ),
  );
});
