import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChallenge } from "../../builder/registry/challenge.ts";

const CHALLENGES: readonly (readonly [string, unknown])[] = [
  ['Basic realm="x"', { scheme: "basic" }],
  ["basic", { scheme: "basic" }],
  [
    'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"',
    { scheme: "bearer", realm: "https://a/t", service: "s", scope: "repository:a/b:pull,push" },
  ],
  [
    "bearer realm=https://a/t",
    { scheme: "bearer", realm: "https://a/t", service: undefined, scope: undefined },
  ],
  [
    'Basic realm="x", Bearer realm="r" , service = "a \\"b\\""',
    { scheme: "bearer", realm: "r", service: 'a "b"', scope: undefined },
  ],
  ['Bearer service="x"', undefined],
  ["Negotiate", undefined],
  ["", undefined],
];

for (const [header, expected] of CHALLENGES) {
  test(`parseChallenge() reads ${header}`, () => assert.deepEqual(parseChallenge(header), expected));
}

test("parseChallenge() reads no more than a header's worth", () => {
  assert.equal(parseChallenge(`${" ".repeat(1_000_000)}Basic`), undefined);
});
