import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatLock, parseLock } from "../../../builder/inputs/lock/lock-file.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const COMMIT = "b".repeat(40);

function table(value: string): fc.Arbitrary<Record<string, string>> {
  const key = fc.string({ unit: "binary", maxLength: 20 });
  return fc.dictionary(key, fc.constant(value), { noNullPrototype: false });
}

test("parseLock() reads what formatLock() writes, whatever names there are", () => {
  fc.assert(
    fc.property(table(DIGEST), table(DIGEST), table(COMMIT), (images, urls, git) => {
      const text = formatLock({ images, urls, git });
      assert.equal(formatLock(parseLock(text, "tsbuild.lock")), text);
    }),
    { numRuns: 200 },
  );
});

test("formatLock() sorts, and has a line for each entry", () => {
  const images = { "docker.io/library/b:1": DIGEST, "docker.io/library/a:1": DIGEST };
  assert.equal(
    formatLock({ images, urls: {}, git: { "https://example.com/a.git#main": COMMIT } }),
    `# What names in the Dockerfile stood for. Written by tsbuild --lock and --update-lock; to be checked in.
version = 1

[images]
"docker.io/library/a:1" = "${DIGEST}"
"docker.io/library/b:1" = "${DIGEST}"

[git]
"https://example.com/a.git#main" = "${COMMIT}"
`,
  );
});

test("parseLock() says in which line something is wrong", () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ["", /it does not say its version/],
    ["version = 2\n", /its version is 2, not 1/],
    ["version = 1\n[images]\n<<<<<<< HEAD\n", /line 3 is a conflict of a merge/],
    ["version = 1\n[other]\n", /line 2 begins the unknown table "other"/],
    ['version = 1\n"a" = "b"\n', /line 2 is no entry of a lock/],
    ["version = 1\n[urls]\na = 1\n", /line 3 is no entry of a lock/],
    [`version = 1\n[images]\n"a" = "latest"\n`, /line 3 has "latest", which is no digest/],
    [`version = 1\n[git]\n"a" = "${DIGEST}"\n`, /line 3 has ".*", which is no commit/],
    [
      `version = 1\n[images]\n"a" = "${DIGEST}"\n"a" = "sha256:${"c".repeat(64)}"\n`,
      /line 4 says something else of "a"/,
    ],
  ];
  for (const [text, message] of table) assert.throws(() => parseLock(text, "tsbuild.lock"), message);
  const same = `version = 1\n[images]\n"__proto__" = "${DIGEST}"\n"__proto__" = "${DIGEST}"\n`;
  assert.deepEqual(Object.entries(parseLock(same, "tsbuild.lock").images), [["__proto__", DIGEST]]);
});
