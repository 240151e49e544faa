import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { hostPlatform } from "../../builder/core/platform.ts";
import { Slots } from "../../builder/core/slots.ts";
import { buildConfig, buildManifest } from "../../builder/image/build.ts";
import { formatReference, parseReference } from "../../builder/image/reference.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import { resolveImage } from "../../builder/registry/pull.ts";
import { pushImage, type PushBlob } from "../../builder/registry/push.ts";
import type { RegistryClient } from "../../builder/registry/types.ts";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { SIGNAL, collect, repositoryAt, says, testClient } from "./rig.ts";

const skip = withoutDockerRegistry() ?? false;
const withoutOpenssl = spawnSync("openssl", ["version"]).error ? "openssl is not installed" : false;
// `htpasswd -nbB alice open-sesame`
const HTPASSWD = "alice:$2y$05$Yg3Cp1/tWTtXJe6mDAFoXOVJrTdhCA/nAhq9akYJk.BV6cdtbHVbq";
const ALICE = { kind: "basic", username: "alice", password: "open-sesame" } as const;
const LAYERS = ["one", "two", "three"].map((text) => Buffer.alloc(3_000_000, text));

function blobOf(mediaType: string, data: Buffer): PushBlob {
  return {
    descriptor: { mediaType, digest: sha256(data), size: data.length },
    async *open() {
      yield data;
    },
  };
}

/** Pushes an image of three layers and pulls it again. */
async function roundTrip(client: RegistryClient, host: string, name = "team/app"): Promise<void> {
  const reference = parseReference(`${host}/${name}:1`);
  const config = buildConfig({
    platform: hostPlatform(),
    created: "2026-01-01T00:00:00Z",
    config: { Env: ["A=1"] },
    diffIds: LAYERS.map((data) => sha256(data) as DiffId),
    history: [],
  });
  const blobs = [
    blobOf(MEDIA_TYPES.ociConfig, config),
    ...LAYERS.map((data) => blobOf(MEDIA_TYPES.ociLayer, data)),
  ];
  const [first, ...layers] = blobs.map(({ descriptor }) => descriptor);
  const raw = buildManifest({ config: first as Descriptor, layers, format: "oci" });
  await pushImage({
    client,
    reference,
    manifest: { raw, digest: sha256(raw), mediaType: MEDIA_TYPES.ociManifest },
    blobs,
    slots: new Slots({ network: 4, cpu: 1, exec: 1 }),
    signal: SIGNAL,
    emit: () => undefined,
  });
  const pulled = await resolveImage(client, reference, hostPlatform(), SIGNAL);
  assert.equal(pulled.reference, `${formatReference(reference)}@${sha256(raw)}`);
  assert.ok(pulled.image.manifest.raw.equals(raw));
  assert.deepEqual(pulled.image.config.config.Env, ["A=1"]);
  for (const [place, descriptor] of pulled.image.manifest.layers.entries()) {
    const data = await collect(client.getBlob(repositoryAt(host, name), descriptor, SIGNAL));
    assert.ok(LAYERS[place]?.equals(data));
  }
}

test("an image goes to docker-registry and comes back", { skip }, async () => {
  await using registry = await startDockerRegistry();
  await using client = testClient();
  await roundTrip(client, registry.host);
  await roundTrip(client, registry.host);
  const [layer = Buffer.alloc(0)] = LAYERS;
  const other = repositoryAt(registry.host, "team/other");
  assert.equal(await client.hasBlob(other, sha256(layer), SIGNAL), false);
  assert.equal(await client.mountBlob(other, sha256(layer), "team/app", SIGNAL), true);
  assert.equal(await client.hasBlob(other, sha256(layer), SIGNAL), true);
  assert.equal(await client.mountBlob(other, sha256("nowhere"), "team/app", SIGNAL), false);
  await assert.rejects(
    client.getManifest(other, "nope", SIGNAL),
    says("REGISTRY_NOT_FOUND", /MANIFEST_UNKNOWN: manifest unknown/),
  );
});

test("docker-registry behind a password lets in who has it", { skip }, async () => {
  await using registry = await startDockerRegistry({ htpasswd: HTPASSWD });
  await using client = testClient({ credentials: { [registry.host]: ALICE } });
  await roundTrip(client, registry.host);
  await using stranger = testClient();
  await assert.rejects(
    stranger.getManifest(repositoryAt(registry.host), "1", SIGNAL),
    says("REGISTRY_AUTH", /needs credentials \(UNAUTHORIZED: authentication required\)/),
  );
  await using thief = testClient({ credentials: { [registry.host]: { ...ALICE, password: "wrong-guess" } } });
  await assert.rejects(
    thief.getManifest(repositoryAt(registry.host), "1", SIGNAL),
    says("REGISTRY_AUTH", /refused the credentials/),
  );
});

test("a mirror in front of a registry that is away serves pulls", { skip }, async () => {
  await using registry = await startDockerRegistry();
  await using client = testClient({
    registries: { "docker.io": { mirrors: [`http://${registry.host}`] } },
    env: { HTTPS_PROXY: "http://127.0.0.1:1" },
  });
  await roundTrip(client, registry.host, "library/debian");
  const pulled = await resolveImage(client, parseReference("debian:1"), hostPlatform(), SIGNAL);
  assert.match(pulled.reference, /^docker\.io\/library\/debian:1@sha256:/);
});

test(
  "TLS with an own authority works with ca, with insecure, and not by default",
  { skip: skip || withoutOpenssl },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
    try {
      const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
      const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
      const made = spawnSync("openssl", [
        "req",
        "-x509",
        ...curve,
        ...subject,
        "-keyout",
        key,
        "-out",
        certificate,
      ]);
      assert.equal(made.status, 0, String(made.stderr));
      await using registry = await startDockerRegistry({ tls: { certificate, key } });
      await using trusting = testClient({ registries: { [registry.host]: { ca: [certificate] } } });
      await roundTrip(trusting, registry.host);
      await using careless = testClient({ registries: { [registry.host]: { insecure: true } } });
      await roundTrip(careless, registry.host);
      await using strict = testClient({ registries: { [registry.host]: { http: false } } });
      const ask = (client: RegistryClient): Promise<unknown> =>
        client.getManifest(repositoryAt(registry.host), "1", SIGNAL);
      await assert.rejects(ask(strict), says("NETWORK", /its certificate is not trusted/));
      await using plain = testClient();
      await assert.rejects(ask(plain), says("REGISTRY_RESPONSE", /speaks TLS, but was asked without/));
      await using lost = testClient({ registries: { [registry.host]: { ca: [join(folder, "no.pem")] } } });
      await assert.rejects(ask(lost), says("CONFIG_INVALID", /no\.pem/));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test("a registry without TLS where TLS is wanted is named", { skip }, async () => {
  await using registry = await startDockerRegistry();
  await using client = testClient({ registries: { [registry.host]: { http: false } } });
  await assert.rejects(
    client.getManifest(repositoryAt(registry.host), "1", SIGNAL),
    says("NETWORK", /answers without TLS/),
  );
});
