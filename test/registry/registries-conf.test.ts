import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadRegistryConfig } from "../../builder/registry/config.ts";
import { endpointsOf, originOf, tlsOf } from "../../builder/registry/endpoints.ts";
import type { RegistryConfig } from "../../builder/registry/types.ts";
import { says } from "./rig.ts";

const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(folder, { recursive: true }));

/** The configuration of a user who has these files below ~/.config. */
function load(files: Readonly<Record<string, string>>, mirrors?: string): Promise<RegistryConfig> {
  const home = mkdtempSync(join(folder, "home-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(home, name, ".."), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  return loadRegistryConfig({ XDG_CONFIG_HOME: home, HOME: home, TSBUILD_REGISTRY_MIRRORS: mirrors });
}

const CONF = `
  unqualified-search-registries = ["docker.io"]
  [[registry]]
  prefix = "docker.io"
  location = "docker.io"
  [[registry.mirror]]
  location = "mirror.example:8443/hub"
  [[registry.mirror]]
  location = "lax.example"
  insecure = true
  [[registry]]
  prefix = "docker.io/team"
  location = "own.example/copies"
  [[registry]]
  location = "bad.example"
  blocked = true
  [[registry]]
  prefix = "*.wild.example"
  [[registry.mirror]]
  location = "tame.example/all"
`;

// repository → where it is asked for, in this order
const ENDPOINTS: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "docker.io",
    "library/debian",
    [
      "https://mirror.example:8443 hub/library/debian",
      "https://lax.example library/debian",
      "https://registry-1.docker.io library/debian",
    ],
  ],
  ["docker.io", "team/app", ["https://own.example copies/app"]],
  [
    "docker.io",
    "teams/app",
    [
      "https://mirror.example:8443 hub/teams/app",
      "https://lax.example teams/app",
      "https://registry-1.docker.io teams/app",
    ],
  ],
  ["a.wild.example", "app", ["https://tame.example all/app", "https://a.wild.example app"]],
  ["other.example", "app", ["https://other.example app"]],
];

for (const [registry, name, places] of ENDPOINTS) {
  test(`registries.conf: ${registry}/${name} is asked for at ${places.join(", ")}`, async () => {
    const config = await load({ "containers/registries.conf": CONF });
    assert.deepEqual(
      endpointsOf({ registry, name }, config).map(({ origin, repository }) => `${origin} ${repository}`),
      places,
    );
    // A push goes where its reference says.
    assert.equal(originOf({ registry, name }, config).repository, name);
  });
}

test("registries.conf: what is blocked is not pulled, and our own mirrors come first", async () => {
  const config = await load({ "containers/registries.conf": CONF }, "docker.io=first.example");
  assert.throws(
    () => endpointsOf({ registry: "bad.example", name: "app" }, config),
    says("CONFIG_INVALID", /"bad.example" is blocked/),
  );
  const origins = endpointsOf({ registry: "docker.io", name: "a/b" }, config).map(({ origin }) => origin);
  assert.deepEqual(origins, ["https://first.example", "https://registry-1.docker.io"]);
});

test("registries.conf: insecure leaves that host's certificate unchecked, and no other's", async () => {
  const tls = tlsOf(await load({ "containers/registries.conf": CONF }));
  assert.equal(tls(new URL("https://lax.example/v2/"))?.insecure, true);
  assert.equal(tls(new URL("https://mirror.example:8443/v2/")), undefined);
});

test("registries.conf: its first version, and a mirror for an unknown purpose, are refused", async () => {
  await assert.rejects(
    load({ "containers/registries.conf": '[registries.insecure]\nregistries = ["a"]' }),
    says("CONFIG_INVALID", /version 1/),
  );
  const mirror = '[[registry.mirror]]\nlocation = "b"\npull-from-mirror = "never"';
  await assert.rejects(
    load({ "containers/registries.conf": `[[registry]]\nlocation = "a"\n${mirror}` }),
    says("CONFIG_INVALID", /pull-from-mirror of "b" is "never"/),
  );
});

test("registries.conf: a drop-in replaces the table of the same prefix", async () => {
  const config = await load({
    "containers/registries.conf": CONF,
    "containers/registries.conf.d/50-bad.conf": '[[registry]]\nlocation = "bad.example"',
  });
  assert.equal(endpointsOf({ registry: "bad.example", name: "app" }, config).length, 1);
});

for (const [text, message] of [
  ["[[registry]]\nblocked = true", /neither prefix nor location/],
  ["registry = 1", /not a list of tables/],
  ["[[registry]]\nlocation = 1", /location is not a string/],
  ["[[registry]", /not TOML in line 1/],
] as const) {
  test(`registries.conf: ${JSON.stringify(text)} is refused`, async () => {
    await assert.rejects(load({ "containers/registries.conf": text }), says("CONFIG_INVALID", message));
  });
}

test("certs.d: a host's authorities and key pairs are used for it alone", async () => {
  const at = "containers/certs.d/own.example:5000";
  const config = await load({ [`${at}/a.crt`]: "", [`${at}/me.cert`]: "", [`${at}/me.key`]: "" });
  const found = tlsOf(config)(new URL("https://own.example:5000/v2/"));
  assert.equal(found?.ca?.[0]?.endsWith(`${at}/a.crt`), true);
  assert.equal(found?.keypairs?.[0]?.cert.endsWith(`${at}/me.cert`), true);
  assert.equal(tlsOf(config)(new URL("https://own.example/v2/")), undefined);
});

test("certs.d: a loopback registry with an authority there speaks TLS", async () => {
  const config = await load({ "docker/certs.d/localhost:5000/ca.crt": "" });
  assert.equal(originOf({ registry: "localhost:5000", name: "a" }, config).origin, "https://localhost:5000");
  assert.equal(originOf({ registry: "localhost:5001", name: "a" }, config).origin, "http://localhost:5001");
});

test("certs.d: half a key pair is refused", async () => {
  const config = await load({
    "docker/certs.d/a.example/me.cert": "",
    "docker/certs.d/b.example/me.key": "",
  });
  const tls = tlsOf(config);
  assert.throws(() => tls(new URL("https://a.example/")), says("CONFIG_INVALID", /me.cert has no me.key/));
  assert.throws(() => tls(new URL("https://b.example/")), says("CONFIG_INVALID", /me.key has no me.cert/));
});
