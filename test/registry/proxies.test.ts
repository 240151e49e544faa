import assert from "node:assert/strict";
import { test } from "node:test";
import type { Descriptor } from "../../builder/image/types.ts";
import type { RegistryClient } from "../../builder/registry/types.ts";
import { Authority, contentsOf, withoutOpenssl } from "../support/certificates.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { Proxy } from "../support/proxy.ts";
import { SocksProxy } from "../support/socks-proxy.ts";
import { SIGNAL, collect, repositoryAt, says, testClient } from "./rig.ts";

const missing = withoutOpenssl();
const skip = missing ?? false;
const FAR = repositoryAt("far.example");
const DATA = Buffer.alloc(3_000_000, "more");

/** A registry that calls itself far.example, and its authority. */
async function farRegistry(authority: Authority): Promise<FakeRegistry> {
  const registry = await FakeRegistry.start(contentsOf(authority.issue("server", "DNS:far.example")));
  registry.guard = { kind: "bearer", realm: "https://far.example/token" };
  return registry;
}

async function pushAndPull(client: RegistryClient, registry: FakeRegistry): Promise<void> {
  const image = registry.addImage("team/app", "1", Buffer.from("layer"));
  assert.equal((await client.getManifest(FAR, "1", SIGNAL)).digest, image.digest);
  const blob: Descriptor = { mediaType: "x", digest: registry.addBlob(DATA), size: DATA.length };
  registry.blobs.clear();
  const open = async function* (): AsyncGenerator<Buffer> {
    yield DATA;
  };
  await client.putBlob(FAR, blob, open, SIGNAL);
  assert.ok(DATA.equals(await collect(client.getBlob(FAR, blob, SIGNAL))));
}

test("a push and a pull go through a proxy that is asked over TLS", { skip }, async () => {
  using authority = new Authority();
  await using registry = await farRegistry(authority);
  await using proxy = await Proxy.start(
    registry.port,
    contentsOf(authority.issue("proxy", "DNS:localhost,IP:127.0.0.1")),
  );
  proxy.user = "me:tls-proxy";
  const registries = { "far.example": { ca: [authority.own.cert] } };
  const HTTPS_PROXY = `https://${proxy.user}@localhost:${proxy.port}`;
  await using client = testClient({
    registries,
    env: { HTTPS_PROXY, NODE_EXTRA_CA_CERTS: authority.own.cert },
  });
  await pushAndPull(client, registry);
  assert.deepEqual([...new Set(proxy.asked)], ["CONNECT far.example:443"]);

  // The authority that a registry's table names says nothing of proxies.
  await using careful = testClient({ registries, env: { HTTPS_PROXY } });
  await assert.rejects(
    careful.getManifest(FAR, "1", SIGNAL),
    says(
      "NETWORK",
      /Cannot reach far\.example through the proxy localhost:\d+: its certificate is not trusted/,
    ),
  );
});

test("a push and a pull go through a SOCKS5 proxy, which looks the name up", { skip }, async () => {
  using authority = new Authority();
  await using registry = await farRegistry(authority);
  await using proxy = await SocksProxy.start(registry.port);
  const registries = { "far.example": { ca: [authority.own.cert] } };
  for (const [user, HTTPS_PROXY] of [
    [undefined, `socks5://${proxy.host}`],
    ["me:socks word", `socks5h://me:socks%20word@${proxy.host}`],
  ]) {
    proxy.user = user;
    await using client = testClient({ registries, env: { HTTPS_PROXY } });
    await pushAndPull(client, registry);
  }
  assert.deepEqual([...new Set(proxy.asked)], ["far.example:443"]);
});

test("plain HTTP goes through a SOCKS5 proxy, to addresses too", async () => {
  await using registry = await FakeRegistry.start();
  await using proxy = await SocksProxy.start(registry.port);
  for (const host of ["192.0.2.7:5000", "[2001:db8::7:0:1]:5000"]) {
    await using client = testClient({
      registries: { [host]: { http: true } },
      env: { HTTP_PROXY: `socks5://${proxy.host}` },
    });
    const { digest } = registry.addImage("team/app", "1", Buffer.from("layer"));
    assert.equal((await client.getManifest(repositoryAt(host), "1", SIGNAL)).digest, digest);
  }
  const last = "32.1.13.184.0.0.0.0.0.0.0.7.0.0.0.1:5000";
  assert.deepEqual([...new Set(proxy.asked)], ["192.0.2.7:5000", last]);
});

test("what is wrong with a SOCKS5 proxy is said, and no password", async () => {
  await using registry = await FakeRegistry.start();
  await using proxy = await SocksProxy.start(registry.port);
  const table: readonly (readonly [to: string, state: RegExp, prepare: () => void])[] = [
    [`socks5://me:wrong-word@${proxy.host}`, /it refuses this user and password/, () => (proxy.user = "a:b")],
    [`socks5://${proxy.host}`, /it wants a user and a password/, () => undefined],
    [
      `socks5://${proxy.host}`,
      /its rules do not allow/,
      () => void ([proxy.user, proxy.reply] = [undefined, 2]),
    ],
    [`socks5://${proxy.host}`, /nothing listens there/, () => (proxy.reply = 5)],
    [`socks5://${registry.host}`, /what it sent is not SOCKS5|ended the connection/, () => undefined],
    ["socks5://127.0.0.1:1", /nothing listens on port 1/, () => undefined],
  ];
  for (const [HTTPS_PROXY, state, prepare] of table) {
    prepare();
    await using client = testClient({ env: { HTTPS_PROXY }, backoff: { attempts: 1 } });
    await assert.rejects(client.getManifest(FAR, "1", SIGNAL), (error: Error) => {
      assert.ok(
        says("NETWORK", /^Cannot reach far\.example through the proxy 127\.0\.0\.1:\d+: /)(error),
        error.message,
      );
      assert.match(error.message, state);
      assert.ok(!error.message.includes("wrong-word"));
      return true;
    });
  }
  await using client = testClient({ env: { HTTPS_PROXY: "socks4://127.0.0.1:1" } });
  await assert.rejects(
    client.getManifest(FAR, "1", SIGNAL),
    says("CONFIG_INVALID", /Cannot use the proxy of HTTPS_PROXY: no proxies are known that speak socks4/),
  );
});
