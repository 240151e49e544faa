import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { parsePlatform } from "../../builder/core/platform.ts";
import { buildIndex } from "../../builder/image/build.ts";
import { parseReference } from "../../builder/image/reference.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";
import { resolveImage } from "../../builder/registry/pull.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { SIGNAL, collect, repositoryAt, says, testClient } from "./rig.ts";

const LAYER = Buffer.alloc(300_000, "layer");

test("resolveImage() goes from index to platform to config, and fetches no layer", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const amd64 = registry.addImage("team/app", "a", LAYER);
  const arm64 = registry.addImage("team/app", "b", LAYER, "arm64");
  const raw = buildIndex({
    manifests: [
      { ...amd64, platform: { os: "linux", architecture: "amd64" } },
      { ...arm64, platform: { os: "linux", architecture: "arm64" } },
    ],
    format: "oci",
  });
  const digest = registry.addManifest("team/app", "1", raw, MEDIA_TYPES.ociIndex);
  const reference = parseReference(`${registry.host}/team/app:1`);
  const resolved = await resolveImage(client, reference, parsePlatform("arm64"), SIGNAL);
  assert.equal(resolved.reference, `${registry.host}/team/app:1@${digest}`);
  assert.equal(resolved.index?.digest, digest);
  assert.equal(resolved.image.manifest.digest, arm64.digest);
  assert.deepEqual(resolved.image.config.platform, { os: "linux", architecture: "arm64" });
  assert.deepEqual(registry.seen.map(({ path }) => path.replace(/.*\//, "")).slice(0, 2), [
    "1",
    arm64.digest,
  ]);
  assert.equal(registry.seen.length, 3);
});

test("resolveImage() lets the digest count where a tag is given too", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const old = registry.addImage("team/app", "1", Buffer.from("old"));
  registry.addImage("team/app", "1", Buffer.from("new"));
  const reference = parseReference(`${registry.host}/team/app:1@${old.digest}`);
  const { image } = await resolveImage(client, reference, parsePlatform("amd64"), SIGNAL);
  assert.equal(image.manifest.digest, old.digest);
});

test("getManifest() refuses other bytes than the digest names", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const { digest } = registry.addImage("team/app", "1", LAYER);
  const other = Buffer.from('{"schemaVersion":2,"manifests":[]}');
  registry.manifests.set(`team/app ${digest}`, { raw: other, mediaType: MEDIA_TYPES.ociIndex });
  await assert.rejects(
    client.getManifest(repositoryAt(registry.host), digest, SIGNAL),
    says("DIGEST_MISMATCH", /instead of sha256/),
  );
});

test("getManifest() refuses other bytes than the registry announces for a tag", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.arm("GET", (_, response) => {
    response.setHeader("docker-content-digest", sha256("something else"));
    response.end("{}");
  });
  await assert.rejects(
    client.getManifest(repositoryAt(registry.host), "1", SIGNAL),
    says("DIGEST_MISMATCH", /instead of/),
  );
});

test("headManifest() tells what a tag is, and undefined where it is not", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const descriptor = registry.addImage("team/app", "1", LAYER);
  const repository = repositoryAt(registry.host);
  assert.deepEqual(await client.headManifest(repository, "1", SIGNAL), descriptor);
  assert.equal(await client.headManifest(repository, "2", SIGNAL), undefined);
});

test("getBlob() streams what the descriptor names", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  for (const data of [LAYER, Buffer.alloc(0)]) {
    const descriptor = { mediaType: MEDIA_TYPES.ociLayer, digest: registry.addBlob(data), size: data.length };
    assert.ok(data.equals(await collect(client.getBlob(repositoryAt(registry.host), descriptor, SIGNAL))));
  }
});

test("mirrors are asked in order, and the registry where none of them can answer", async () => {
  await using origin = await FakeRegistry.start();
  await using empty = await FakeRegistry.start();
  await using broken = await FakeRegistry.start();
  await using good = await FakeRegistry.start();
  const gone = await FakeRegistry.start();
  const goneHost = gone.host;
  await gone[Symbol.asyncDispose]();
  broken.arm("GET", (_, response) => void response.writeHead(500).end("<html>"));
  const { digest } = good.addImage("proxy/team/app", "1", LAYER);
  origin.addImage("team/app", "2", LAYER);
  const mirrors = [goneHost, empty.host, `http://${broken.host}`, `http://${good.host}/v2/proxy/`];
  await using client = testClient({ registries: { [origin.host]: { mirrors } } });
  const repository = repositoryAt(origin.host);

  assert.equal((await client.getManifest(repository, "1", SIGNAL)).digest, digest);
  assert.deepEqual(origin.lines(), []);
  assert.deepEqual(good.lines(), ["GET /v2/proxy/team/app/manifests/1"]);

  await client.getManifest(repository, "2", SIGNAL);
  assert.deepEqual(origin.lines(), ["GET /v2/team/app/manifests/2"]);
  await assert.rejects(
    client.getManifest(repository, "3", SIGNAL),
    says("REGISTRY_NOT_FOUND", new RegExp(`^Cannot pull ${origin.host}/team/app:3: ${origin.host} does not`)),
  );
});

test("a mirror whose manifest is not what its digest says gives way to the registry", async () => {
  await using origin = await FakeRegistry.start();
  await using liar = await FakeRegistry.start();
  const { digest } = origin.addImage("team/app", "1", LAYER);
  liar.manifests.set(`team/app ${digest}`, { raw: Buffer.from("{}"), mediaType: MEDIA_TYPES.ociManifest });
  await using client = testClient({ registries: { [origin.host]: { mirrors: [liar.host] } } });
  assert.equal((await client.getManifest(repositoryAt(origin.host), digest, SIGNAL)).digest, digest);
  assert.equal(liar.seen.length, 1);
});
