import assert from "node:assert/strict";
import { test } from "node:test";
import { isLoopback, proxyFor } from "../../builder/net/proxy.ts";

const PROXY = "http://proxy.example:3128";

// URL, NO_PROXY, whether it goes through the proxy (the cases of Go's httpproxy)
const RULES: readonly (readonly [string, string, boolean])[] = [
  ["https://a.example/", "", true],
  ["https://a.example/", "*", false],
  ["https://a.example/", "a.example", false],
  ["https://b.a.example/", "a.example", false],
  ["https://ba.example/", "a.example", true],
  ["https://a.example/", ".a.example", true],
  ["https://b.a.example/", ".a.example", false],
  ["https://b.a.example/", "*.a.example", false],
  ["https://a.example/", "x.example, A.Example", false],
  ["https://a.example:8443/", "a.example:8443", false],
  ["https://a.example/", "a.example:8443", true],
  ["https://a.example/", "a.example:443", false],
  ["https://10.1.2.3/", "10.0.0.0/8", false],
  ["https://11.1.2.3/", "10.0.0.0/8", true],
  ["https://10.1.2.3/", "10.1.2.3", false],
  ["https://[fd00::1]/", "fd00::/16", false],
  ["https://[fd00::1]/", "fd00::1", false],
  ["https://a.example/", "10.0.0.0/99,1/2/3,/", true],
  ["https://localhost:5000/", "", false],
  ["https://127.0.0.1/", "", false],
  ["https://[::1]/", "", false],
];

for (const [url, noProxy, through] of RULES) {
  test(`proxyFor() ${through ? "takes" : "avoids"} the proxy for ${url} with NO_PROXY=${noProxy}`, () => {
    const found = proxyFor(new URL(url), { https_proxy: PROXY, NO_PROXY: noProxy });
    assert.equal(found?.host, through ? "proxy.example:3128" : undefined);
  });
}

test("proxyFor() looks at the scheme, and takes a proxy without one", () => {
  assert.equal(proxyFor(new URL("http://a.example"), { HTTPS_PROXY: PROXY }), undefined);
  assert.equal(proxyFor(new URL("http://a.example"), { HTTP_PROXY: "p:1" })?.href, "http://p:1/");
  assert.throws(() => proxyFor(new URL("http://a.example"), { HTTP_PROXY: "http://" }), /not a URL/);
});

test("proxyFor() names the variable whose user or password cannot be decoded", () => {
  for (const [name, value] of [
    ["HTTP_PROXY", "http://me%zz@p:1"],
    ["http_proxy", "socks5://me:100%@p"],
    ["http_proxy", "http://%ff:x@p"],
  ] as const) {
    const message = `Cannot use the proxy of ${name}: its user or password has a % that begins no character`;
    assert.throws(() => proxyFor(new URL("http://a.example"), { [name]: value }), { message });
  }
});

test("isLoopback() is not fooled by names", () => {
  for (const host of ["localhost", "127.0.0.1", "127.255.0.1", "[::1]"]) assert.ok(isLoopback(host), host);
  for (const host of ["127.0.0.1.example", "localhost.example", "128.0.0.1", "[::2]"]) {
    assert.ok(!isLoopback(host), host);
  }
});
