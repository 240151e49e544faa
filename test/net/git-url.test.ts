import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { TsbuildError } from "../../builder/core/errors.ts";
import { parseGitUrl, type GitUrl } from "../../builder/net/git-url.ts";

const remote = "https://example.com/a/b.git";

// BuildKit util/gitutil/git_url_test.go, dfgitutil/git_ref_test.go
const accepted: readonly (readonly [text: string, expected: GitUrl])[] = [
  [remote, { remote }],
  [`${remote}#`, { remote }],
  [`${remote}#main`, { remote, ref: "main" }],
  [`${remote}#main:dir/sub`, { remote, ref: "main", subdir: "dir/sub" }],
  [`${remote}#:dir`, { remote, subdir: "dir" }],
  [`${remote}#main:/./dir//`, { remote, ref: "main", subdir: "dir" }],
  [`${remote}#main:/`, { remote, ref: "main" }],
  [`${remote}#feature/a%20b`.replace("%20", "-"), { remote, ref: "feature/a-b" }],
  [`${remote}?ref=v1#v1`, { remote, ref: "v1" }],
  [`${remote}?branch=main`, { remote, ref: "refs/heads/main" }],
  [`${remote}?tag=refs/tags/v1`, { remote, ref: "refs/tags/v1" }],
  [`${remote}?commit=abcdef0123`, { remote, ref: "abcdef0123", checksum: "abcdef0123" }],
  [
    `${remote}?tag=v1&commit=${"a".repeat(40)}&mtime=commit&fetch-by-commit=true`,
    { remote, ref: "a".repeat(40), checksum: "a".repeat(40) },
  ],
  [`${remote}?ref=${"b".repeat(40)}&fetch-by-commit`, { remote, ref: "b".repeat(40) }],
  [`${remote}?tag=v1&fetch-by-commit=false`, { remote, ref: "refs/tags/v1" }],
  [`${remote}?keep-git-dir&submodules=0`, { remote, keepGitDir: true, submodules: false }],
  ["git@example.com:a/b.git#main", { remote: "git@example.com:a/b.git", ref: "main" }],
  ["root@host-1:b", { remote: "root@host-1:b" }],
  ["ssh://git@example.com:2222/a", { remote: "ssh://git@example.com:2222/a" }],
  ["git://example.com/a?ref=x", { remote: "git://example.com/a", ref: "x" }],
  ["http://user:pass@example.com/a.git", { remote: "http://user:pass@example.com/a.git" }],
];

for (const [text, expected] of accepted) {
  test(`parseGitUrl() reads ${text}`, () => assert.deepEqual(parseGitUrl(text), expected));
}

for (const text of [
  "https://example.com/a",
  "https://example.com/a.git/x",
  "https://example.com/a?x=b.git",
  "file:///a.git",
  "ext::sh -c true",
  "ftp://example.com/a.git",
  "a.git",
  "./git@example.com:a",
  "/a@b:c",
  "-o@host:x/../-",
  "git@-oProxyCommand=x:a",
  "",
]) {
  test(`parseGitUrl() says that ${JSON.stringify(text)} is none`, () => {
    assert.equal(parseGitUrl(text), undefined);
  });
}

const refused: readonly (readonly [text: string, state: RegExp])[] = [
  [`${remote}#-u`, /"-u" cannot be the name/],
  [`${remote}?ref=--upload-pack%3Dx`, /cannot be the name/],
  [`${remote}#a..b`, /cannot be the name/],
  [`${remote}#a%0Ab`, /cannot be the name/],
  [`${remote}#a:b/../../c`, /cannot be a directory/],
  [`${remote}#%zz`, /percent-encoded/],
  [`${remote}?ref=a#b`, /two things for ref/],
  [`${remote}?tag=a&branch=b`, /two things for ref/],
  [`${remote}?ref=a&ref=a`, /"ref" twice/],
  [`${remote}?subdir=`, /has no value/],
  [`${remote}?depth=1`, /"depth", which is nothing/],
  [`${remote}?mtime=checkout`, /mtime=checkout is not supported: files have the time of their commit/],
  [`${remote}?mtime=now`, /"mtime" in its query is not commit/],
  [`${remote}?tag=v1&fetch-by-commit=1`, /fetch-by-commit needs a commit in full/],
  [`${remote}?submodules=maybe`, /neither true nor false/],
  [`${remote}?checksum=abc`, /not 7 or more digits/],
  ["ssh://-oProxyCommand=x/a", /names no host/],
  ["git:///a", /names no host/],
];

for (const [text, state] of refused) {
  test(`parseGitUrl() refuses ${text}`, () => {
    assert.throws(() => parseGitUrl(text), {
      name: "TsbuildError",
      code: "REFERENCE_INVALID",
      message: state,
    });
  });
}

test("parseGitUrl() never lets an option or a way out of the repository through", () => {
  const part = fc.string({ unit: fc.constantFrom(..."-a./:#?&=%2e~\n") });
  fc.assert(
    fc.property(part, part, (query, fragment) => {
      try {
        const { ref = "", subdir = "" } = parseGitUrl(`${remote}?${query}#${fragment}`) ?? {};
        assert.ok(!ref.startsWith("-") && !ref.includes(".."));
        assert.ok(!subdir.startsWith("/") && !subdir.split("/").includes(".."));
      } catch (error) {
        assert.ok(error instanceof TsbuildError, String(error));
      }
    }),
  );
});
