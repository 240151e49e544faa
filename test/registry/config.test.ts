import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { TsbuildError } from "../../builder/core/errors.ts";
import { loadRegistryConfig } from "../../builder/registry/config.ts";
import { endpointsOf, originOf, tlsOf } from "../../builder/registry/endpoints.ts";
import type { RegistryConfig } from "../../builder/registry/types.ts";

const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(folder, { recursive: true }));

function load(toml: string, mirrors?: string): Promise<RegistryConfig> {
  const path = join(folder, "config.toml");
  writeFileSync(path, toml);
  return loadRegistryConfig({ TSBUILD_CONFIG: path, TSBUILD_REGISTRY_MIRRORS: mirrors });
}

test("loadRegistryConfig() reads the keys of buildkitd.toml", async () => {
  const { registries } = await load(`
    [registry."docker.io"]
    mirrors = ["mirror.example.com", "http://127.0.0.1:5000/cache"]
    [registry."own.example.com:5000"]
    http = true
    insecure = true
    ca = ["own.pem", "/etc/other.pem"]
    keypair = [{ cert = "me.pem", key = "/etc/me.key" }]
  `);
  assert.deepEqual(Object.fromEntries(registries), {
    "docker.io": { mirrors: ["mirror.example.com", "http://127.0.0.1:5000/cache"], ca: [] },
    "own.example.com:5000": {
      mirrors: [],
      http: true,
      insecure: true,
      ca: [join(folder, "own.pem"), "/etc/other.pem"],
      keypairs: [{ cert: join(folder, "me.pem"), key: "/etc/me.key" }],
    },
  });
});

test("loadRegistryConfig() lets the environment name the mirrors", async () => {
  const { registries } = await load(
    '[registry."docker.io"]\nmirrors = ["a.example"]\nhttp = false',
    "docker.io=http://127.0.0.1:1, docker.io=b.example ,quay.io=c.example",
  );
  assert.deepEqual(Object.fromEntries(registries), {
    "docker.io": { mirrors: ["http://127.0.0.1:1", "b.example"], http: false, ca: [] },
    "quay.io": { mirrors: ["c.example"], ca: [] },
  });
});

test("loadRegistryConfig() reads the user's file, and is content without any", async () => {
  const home = join(folder, "xdg");
  mkdirSync(join(home, "tsbuild"), { recursive: true });
  assert.equal((await loadRegistryConfig({ XDG_CONFIG_HOME: home })).registries.has("user.example"), false);
  writeFileSync(join(home, "tsbuild/config.toml"), '[registry."user.example"]\nhttp = true');
  const { registries } = await loadRegistryConfig({ XDG_CONFIG_HOME: home });
  assert.equal(registries.get("user.example")?.http, true);
});

const WRONG: readonly (readonly [string, RegExp, RegExp?])[] = [
  ["registry = ", /not TOML in line 1/],
  ["[regsitry]", /"regsitry" is not known/, /did you mean "registry"/],
  [
    '[registry."a.example"]\nmirror = ["b"]',
    /"mirror" in \[registry."a.example"\]/,
    /did you mean "mirrors"/,
  ],
  ['[registry."a.example"]\nkeypairs = []', /"keypairs"/, /did you mean "keypair"/],
  ['[registry."a.example"]\nkeypair = [{ cert = "a" }]', /keypair has no cert and key/, /me.key/],
  ['[registry."a.example"]\nhttp = "yes"', /http is not true or false/],
  ['[registry."a.example"]\nmirrors = "b"', /mirrors is not a list/],
  ['[registry."a.example"]\nmirrors = ["ftp://b"]', /mirror "ftp:\/\/b"/],
  ['[registry."a.example"]\nmirrors = ["https://u:p@b"]', /mirror/, /config.json/],
  ['[registry."https://a.example"]\nhttp = true', /not a registry's host/],
  ["registry = 1", /registry is not a table/],
  ['[registry]\n"a.example" = 1', /is not a table/],
];

for (const [toml, message, hint] of WRONG) {
  test(`loadRegistryConfig() refuses ${JSON.stringify(toml)}`, async () => {
    await assert.rejects(load(toml), (error) => {
      assert.ok(error instanceof TsbuildError && error.code === "CONFIG_INVALID");
      assert.match(error.message, message);
      if (hint) assert.match(error.hint ?? "", hint);
      return true;
    });
  });
}

test("loadRegistryConfig() refuses a TSBUILD_CONFIG that is not there and mirrors without a registry", async () => {
  await assert.rejects(loadRegistryConfig({ TSBUILD_CONFIG: join(folder, "no.toml") }), /Cannot read/);
  await assert.rejects(load("", "http://127.0.0.1:5000"), /is not registry=mirror/);
});

// registry, its table, where it is asked
const ORIGINS: readonly (readonly [string, string, string])[] = [
  ["docker.io", "", "https://registry-1.docker.io"],
  ["quay.io", "", "https://quay.io"],
  ["own.example:5000", "http = true", "http://own.example:5000"],
  ["localhost", "", "http://localhost"],
  ["localhost:5000", "", "http://localhost:5000"],
  ["127.1.2.3:80", "", "http://127.1.2.3"],
  ["[::1]:5000", "", "http://[::1]:5000"],
  ["localhost:5000", "http = false", "https://localhost:5000"],
  ["localhost:5000", "insecure = true", "https://localhost:5000"],
  ["localhost:5000", 'ca = ["/x"]', "https://localhost:5000"],
  ["localhost.example.com", "", "https://localhost.example.com"],
  ["127.0.0.1.example.com", "", "https://127.0.0.1.example.com"],
  ["own.example:443", "", "https://own.example"],
];

for (const [registry, settings, origin] of ORIGINS) {
  test(`originOf() asks ${registry} (${settings}) at ${origin}`, async () => {
    const config = await load(settings === "" ? "" : `[registry."${registry}"]\n${settings}`);
    assert.equal(originOf({ registry, name: "a" }, config).origin, origin);
  });
}

test("endpointsOf() puts mirrors first, each with its path, its scheme and its own credentials' name", async () => {
  const config = await load(
    '[registry."plain.example"]\nhttp = true',
    "docker.io=http://127.0.0.1:5000,docker.io=plain.example/proxy/hub/,docker.io=harbor.example:8443/v2/hub",
  );
  const endpoints = endpointsOf({ registry: "docker.io", name: "library/debian" }, config);
  assert.deepEqual(
    endpoints.map(({ origin, registry, repository }) => [origin, registry, repository]),
    [
      ["http://127.0.0.1:5000", "127.0.0.1:5000", "library/debian"],
      ["http://plain.example", "plain.example", "proxy/hub/library/debian"],
      ["https://harbor.example:8443", "harbor.example:8443", "hub/library/debian"],
      ["https://registry-1.docker.io", "docker.io", "library/debian"],
    ],
  );
});

test("tlsOf() finds the table of a URL's host and of no other", async () => {
  const config = await load(
    '[registry."docker.io"]\ninsecure = true\n[registry."a.example:443"]\nca = ["/a"]',
  );
  const tls = tlsOf(config);
  assert.equal(tls(new URL("https://registry-1.docker.io/v2/"))?.insecure, true);
  assert.deepEqual(tls(new URL("https://a.example/v2/"))?.ca, ["/a"]);
  assert.equal(tls(new URL("https://auth.docker.io/token")), undefined);
  assert.equal(tls(new URL("https://a.example:8443/")), undefined);
});
