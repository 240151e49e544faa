import assert from "node:assert/strict";
import { test } from "node:test";
import { redirectHeaders, redirectTarget } from "../../builder/net/redirect.ts";

// from, Location, where it leads or why it does not
const HOPS: readonly (readonly [string, string, string | RegExp])[] = [
  ["https://a.example/x/y", "../z", "https://a.example/z"],
  ["https://a.example/x", "https://u:p@b.example/z?q=1", "https://b.example/z?q=1"],
  ["http://a.example/x", "https://a.example/x", "https://a.example/x"],
  ["http://127.0.0.1:1/x", "http://127.0.0.1:2/", "http://127.0.0.1:2/"],
  ["https://a.example/", "http://a.example/", /from https to plain http/],
  ["https://a.example/", "file:///etc/passwd", /leads to file:/],
  ["https://a.example/", "data:,x", /leads to data:/],
  ["https://a.example/", "https://", /names no place/],
  ["https://a.example/", "https://127.0.0.1/", /inside this machine/],
  ["https://a.example/", "https://[::1]/", /inside this machine/],
  ["https://a.example/", "https://localhost/", /inside this machine/],
  ["http://a.example/", "http://169.254.169.254/latest", /inside this machine/],
  ["http://a.example/", "http://0xa9fea9fe/latest", /inside this machine/],
  ["http://a.example/", "http://2852039166/latest", /inside this machine/],
  ["http://a.example/", "http://[::ffff:169.254.169.254]/", /inside this machine/],
  ["http://a.example/", "http://[fe80::1]/", /inside this machine/],
  ["http://a.example/", "http://0.0.0.0/", /inside this machine/],
  ["http://a.example/", "http://metadata.google.internal/", /inside this machine/],
  ["http://127.0.0.1/", "http://169.254.169.254/", /inside this machine/],
];

for (const [from, location, expected] of HOPS) {
  test(`redirectTarget() from ${from} to ${location}`, () => {
    if (typeof expected === "string") assert.equal(redirectTarget(new URL(from), location).href, expected);
    else assert.throws(() => redirectTarget(new URL(from), location), expected);
  });
}

test("redirectHeaders() keeps credentials on the same scheme, host and port alone", () => {
  const headers = { Authorization: "Basic x", Cookie: "c", Accept: "a", range: "bytes=1-", "x-token": "t" };
  const from = new URL("https://a.example/");
  assert.deepEqual(redirectHeaders(headers, from, new URL("https://a.example:443/other")), headers);
  for (const to of [
    "https://b.example/",
    "http://a.example/",
    "https://a.example:444/",
    "https://x.a.example",
  ]) {
    assert.deepEqual(redirectHeaders(headers, from, new URL(to)), { Accept: "a", range: "bytes=1-" });
  }
});
