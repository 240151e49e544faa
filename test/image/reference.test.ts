import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as check, oneof, property, string, stringMatching } from "fast-check";
import { TsbuildError } from "../../builder/core/errors.ts";
import {
  familiarName,
  formatReference,
  parseReference,
  withDefaultTag,
} from "../../builder/image/reference.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

// text, full name, name as docker prints it (the cases of distribution/reference, normalize_test.go, and our own)
const NAMES: readonly (readonly [string, string, string])[] = [
  ["debian", "docker.io/library/debian", "debian"],
  ["debian:12", "docker.io/library/debian:12", "debian:12"],
  ["docker.io/debian:12", "docker.io/library/debian:12", "debian:12"],
  ["docker.io/library/debian", "docker.io/library/debian", "debian"],
  ["index.docker.io/debian", "docker.io/library/debian", "debian"],
  ["user/app:1", "docker.io/user/app:1", "user/app:1"],
  ["library/a/b", "docker.io/library/a/b", "library/a/b"],
  ["localhost/app", "localhost/app", "localhost/app"],
  ["localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app:1"],
  ["app:5000", "docker.io/library/app:5000", "app:5000"],
  ["Host/app", "Host/app", "Host/app"],
  ["ghcr.io/a/b-c/d__e.f:V1.2-x", "ghcr.io/a/b-c/d__e.f:V1.2-x", "ghcr.io/a/b-c/d__e.f:V1.2-x"],
  ["[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"],
  [`debian@${DIGEST}`, `docker.io/library/debian@${DIGEST}`, `debian@${DIGEST}`],
  [`debian:12@${DIGEST}`, `docker.io/library/debian:12@${DIGEST}`, `debian:12@${DIGEST}`],
  [`${"a".repeat(63)}`, `docker.io/library/${"a".repeat(63)}`, "a".repeat(63)],
];

for (const [text, full, familiar] of NAMES) {
  test(`parseReference() reads ${text.slice(0, 40)}`, () => {
    const reference = parseReference(text);
    assert.equal(formatReference(reference), full);
    assert.equal(familiarName(reference), familiar);
    assert.deepEqual(parseReference(full), reference);
    assert.deepEqual(parseReference(familiar), reference);
  });
}

const WRONG: readonly (readonly [string, RegExp])[] = [
  ["", /it is empty/],
  ["Debian", /upper-case/],
  ["docker.io/library/Debian", /upper-case/],
  ["https://ghcr.io/a", /it is a URL/],
  ["a".repeat(64), /image id/],
  ["a//b", /not a repository name/],
  ["a/", /not a repository name/],
  ["/a", /not a repository name/],
  ["-a", /not a repository name/],
  ["a..b", /not a repository name/],
  ["a___b", /not a repository name/],
  ["../etc", /not a host name/],
  ["a.b:port/c", /not a host name/],
  ["a:", /not a tag/],
  ["a:-x", /not a tag/],
  [`a:${"x".repeat(129)}`, /not a tag/],
  ["a@sha256:abc", /not a digest/],
  [`a@sha512:${"a".repeat(128)}`, /not a digest/],
  [`a@${DIGEST}@${DIGEST}`, /not a digest/],
  ["a b", /not a repository name/],
  ["a\u001b[31m", /\\x1b/],
  ["a/".repeat(140), /longer than 255/],
  ["a".repeat(2000), /longer than 1024/],
];

for (const [text, reason] of WRONG) {
  test(`parseReference() refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.throws(
      () => parseReference(text),
      (error) =>
        error instanceof TsbuildError && error.code === "REFERENCE_INVALID" && reason.test(error.message),
    );
  });
}

test("withDefaultTag() adds latest only where nothing else says which image", () => {
  assert.equal(formatReference(withDefaultTag(parseReference("a"))), "docker.io/library/a:latest");
  assert.equal(formatReference(withDefaultTag(parseReference("a:b"))), "docker.io/library/a:b");
  assert.equal(withDefaultTag(parseReference(`a@${DIGEST}`)).tag, undefined);
});

test("parseReference() says no with its own error, and agrees with itself, whatever the text", () => {
  const text = oneof(string(), stringMatching(/^[a-zA-Z0-9._:/@[\]-]{0,60}$/));
  check(
    property(text, (text) => {
      try {
        const reference = parseReference(text);
        assert.deepEqual(parseReference(formatReference(reference)), reference);
        assert.deepEqual(parseReference(familiarName(reference)), reference);
      } catch (error) {
        assert.ok(error instanceof TsbuildError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
