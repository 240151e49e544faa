import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createRegistryClient } from "../../builder/registry/client.ts";
import { loadRegistryConfig } from "../../builder/registry/config.ts";
import { Authority, contentsOf, withoutOpenssl, type Certificate } from "../support/certificates.ts";
import {
  startDockerRegistry,
  withoutDockerRegistry,
  type RunningRegistry,
} from "../support/docker-registry.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { Proxy } from "../support/proxy.ts";
import { SIGNAL, collect, repositoryAt, says, testClient } from "./rig.ts";

const skip = withoutOpenssl() ?? false;
const withoutRegistry = skip || (withoutDockerRegistry() ?? false);
const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(folder, { recursive: true }));

/** A registry that lets clients in whose certificate is of the authority. */
function strictRegistry(authority: Authority): Promise<RunningRegistry> {
  const { cert: certificate, key } = authority.issue("server", "IP:127.0.0.1");
  return startDockerRegistry({ tls: { certificate, key, clientcas: [authority.own.cert] } });
}

/** That it answers is enough: there is nothing in it. */
const LET_IN = says("REGISTRY_NOT_FOUND", /MANIFEST_UNKNOWN/);

/** Asks for an image with what the files below a home and below a system's folder say. */
async function ask(registry: RunningRegistry, home: string, system: string): Promise<void> {
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, "config") };
  const config = await loadRegistryConfig(env, system);
  const client = createRegistryClient({
    config,
    credentials: { find: async () => undefined },
    env,
    backoff: { attempts: 1 },
  });
  try {
    await client.getManifest(repositoryAt(registry.host), "1", SIGNAL);
  } finally {
    await client.close();
  }
}

/** Lays a certs.d folder out. */
function lay(root: string, kind: string, host: string, authority: Authority, client?: Certificate): void {
  const place = join(root, kind, "certs.d", host);
  mkdirSync(place, { recursive: true });
  copyFileSync(authority.own.cert, join(place, "ca.crt"));
  if (client === undefined) return;
  copyFileSync(client.cert, join(place, "client.cert"));
  copyFileSync(client.key, join(place, "client.key"));
}

test(
  "a server that wants a client's certificate gets that of certs.d, the nearest folder's",
  { skip: withoutRegistry },
  async () => {
    using authority = new Authority();
    using stranger = new Authority("stranger");
    const client = authority.issue("client");
    const unknown = stranger.issue("client");
    await using registry = await strictRegistry(authority);
    // where folders are, in the user's config or the system's → whether it works
    const places: readonly (readonly [
      readonly (readonly [string, string, Certificate | undefined])[],
      RegExp | undefined,
    ])[] = [
      [[["config", "containers", client]], undefined],
      [[["config", "docker", client]], undefined],
      [[["etc", "containers", client]], undefined],
      [[["etc", "docker", client]], undefined],
      [
        [
          ["config", "docker", client],
          ["etc", "containers", unknown],
          ["etc", "docker", unknown],
        ],
        undefined,
      ],
      [
        [
          ["config", "containers", unknown],
          ["config", "docker", client],
        ],
        /the connection broke|a client's certificate/,
      ],
      [[["etc", "docker", undefined]], /the connection broke|a client's certificate/],
    ];
    for (const [folders, failure] of places) {
      const home = mkdtempSync(join(folder, "home-"));
      for (const [root, kind, keypair] of folders)
        lay(join(home, root), kind, registry.host, authority, keypair);
      const asked = ask(registry, home, join(home, "etc"));
      await assert.rejects(asked, failure === undefined ? LET_IN : says("NETWORK", failure));
    }
  },
);

test(
  "a client's certificate is that of the configuration, where it names one",
  { skip: withoutRegistry },
  async () => {
    using authority = new Authority();
    const keypairs = [authority.issue("client")];
    await using registry = await strictRegistry(authority);
    for (const more of [{ ca: [authority.own.cert] }, { insecure: true }]) {
      await using client = testClient({ registries: { [registry.host]: { keypairs, ...more } } });
      await assert.rejects(client.getManifest(repositoryAt(registry.host), "1", SIGNAL), LET_IN);
    }
  },
);

test("a push and a pull go through a proxy's tunnel, which wants a password", { skip }, async () => {
  using authority = new Authority();
  await using registry = await FakeRegistry.start(contentsOf(authority.issue("server", "DNS:far.example")));
  await using proxy = await Proxy.start(registry.port);
  registry.guard = { kind: "bearer", realm: "https://far.example/token" };
  proxy.user = "me:open-proxy";
  const image = registry.addImage("team/app", "1", Buffer.from("layer"));
  const registries = { "far.example": { ca: [authority.own.cert] } };
  const env = { HTTPS_PROXY: `http://${proxy.user}@${proxy.host}`, NO_PROXY: "near.example,10.0.0.0/8" };
  await using client = testClient({ registries, env });
  const repository = repositoryAt("far.example");
  assert.equal((await client.getManifest(repository, "1", SIGNAL)).digest, image.digest);
  const data = Buffer.alloc(3_000_000, "more");
  const open = async function* (): AsyncGenerator<Buffer> {
    yield data;
  };
  const blob = { mediaType: "x", digest: registry.addBlob(data), size: data.length };
  registry.blobs.clear();
  await client.putBlob(repository, blob, open, SIGNAL);
  assert.ok(data.equals(await collect(client.getBlob(repository, blob, SIGNAL))));
  assert.deepEqual([...new Set(proxy.asked)], ["CONNECT far.example:443"]);

  await using stranger = testClient({
    registries,
    env: { https_proxy: `http://me:wrong-proxy@${proxy.host}` },
  });
  await assert.rejects(stranger.getManifest(repository, "1", SIGNAL), (error: Error) => {
    assert.ok(
      says("NETWORK", /Cannot reach far\.example through the proxy 127\.0\.0\.1:\d+: .*407/)(error),
      error.message,
    );
    assert.ok(!error.message.includes("wrong-proxy"));
    return true;
  });
});
