import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import type { BuildEvent } from "../../builder/core/events.ts";
import { Slots } from "../../builder/core/slots.ts";
import { buildManifest } from "../../builder/image/build.ts";
import { parseReference } from "../../builder/image/reference.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import { pushImage, type PushBlob, type PushManifest } from "../../builder/registry/push.ts";
import type { RegistryClient } from "../../builder/registry/types.ts";
import { FakeRegistry, basicOf } from "../support/fake-registry.ts";
import { SIGNAL, repositoryAt, says, testClient } from "./rig.ts";

const LAYER = Buffer.alloc(2_500_000, "layer");
const CONFIG = Buffer.from('{"config":1}');

function blob(mediaType: string, data: Buffer): PushBlob & { opened: number } {
  const descriptor: Descriptor = { mediaType, digest: sha256(data), size: data.length };
  const self = {
    descriptor,
    opened: 0,
    async *open() {
      self.opened++;
      for (let at = 0; at < data.length; at += 65_536) yield data.subarray(at, at + 65_536);
    },
  };
  return self;
}

interface Setup {
  readonly config: ReturnType<typeof blob>;
  readonly layer: ReturnType<typeof blob>;
  readonly manifest: PushManifest;
  readonly events: BuildEvent[];
  push(client: RegistryClient, registry: FakeRegistry, source?: string): Promise<string>;
}

function setup(): Setup {
  const config = blob(MEDIA_TYPES.ociConfig, CONFIG);
  const layer = blob(MEDIA_TYPES.ociLayer, LAYER);
  const raw = buildManifest({
    config: config.descriptor,
    layers: [layer.descriptor, layer.descriptor],
    format: "oci",
  });
  const manifest = { raw, digest: sha256(raw), mediaType: MEDIA_TYPES.ociManifest };
  const events: BuildEvent[] = [];
  return {
    config,
    layer,
    manifest,
    events,
    push: (client, registry, source) =>
      pushImage({
        client,
        reference: parseReference(`${registry.host}/team/app:1`),
        manifest,
        blobs: [config, from(layer, registry, source), from(layer, registry, source)],
        slots: new Slots({ network: 4, cpu: 1, exec: 1 }),
        signal: SIGNAL,
        emit: (event) => void events.push(event),
      }),
  };
}

function from(blob: PushBlob, registry: FakeRegistry, source: string | undefined): PushBlob {
  return source === undefined ? blob : { ...blob, sources: [repositoryAt(registry.host, source)] };
}

test("pushImage() uploads each blob once, and names the image last", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const { push, manifest, layer, events } = setup();
  assert.equal(await push(client, registry), manifest.digest);
  assert.ok(registry.blobs.get(layer.descriptor.digest)?.equals(LAYER));
  assert.ok(registry.manifests.get("team/app 1")?.raw.equals(manifest.raw));
  assert.equal(registry.seen.filter(({ method }) => method === "PUT").length, 3);
  assert.equal(registry.lines().at(-1), "PUT /v2/team/app/manifests/1");
  const uploads = registry.lines().filter((line) => line.startsWith("PUT /v2/team/app/blobs"));
  assert.ok(uploads.every((line) => /uploads\/\d\?state=a&digest=sha256%3A/.test(line)));
  const of = events.flatMap((event) =>
    event.type === "transfer" && event.task.endsWith(layer.descriptor.digest) ? [event] : [],
  );
  assert.deepEqual([of[0]?.current, of.at(-1)?.current, of.at(-1)?.done], [0, LAYER.length, true]);
  assert.ok(of.length >= 4 && of.length <= 6);
});

test("pushImage() brings a blob to a repository once, however many push it there at once", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const { push, layer, config } = setup();
  await Promise.all([push(client, registry), push(client, registry), push(client, registry)]);
  assert.deepEqual([layer.opened, config.opened], [1, 1]);
  const count = (start: string): number => registry.lines().filter((line) => line.startsWith(start)).length;
  assert.deepEqual([count("HEAD"), count("POST"), count("PUT /v2/team/app/blobs")], [2, 2, 2]);
});

test("pushImage() sends nothing that is there", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const { push, layer, config } = setup();
  await push(client, registry);
  await push(client, registry);
  assert.deepEqual([layer.opened, config.opened], [1, 1]);
});

test("pushImage() mounts a blob from the repository that it was pulled from", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const { push, layer } = setup();
  const { digest } = layer.descriptor;
  // The fake's blobs belong to no repository: to this one it is told that the blob is not there yet.
  registry.arm(`HEAD /v2/team/app/blobs/${digest}`, (_, response) => void response.writeHead(404).end());
  registry.addBlob(LAYER);
  await push(client, registry, "library/debian");
  assert.equal(layer.opened, 0);
  assert.ok(
    registry
      .lines()
      .includes(`POST /v2/team/app/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=library%2Fdebian`),
  );
});

test("pushImage() goes on with the upload that a registry begins instead of mounting", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const { push, layer } = setup();
  await push(client, registry, "library/debian");
  assert.equal(layer.opened, 1);
  // One for the layer, which it asked to have mounted, and one for the config.
  assert.equal(registry.lines().filter((line) => line.startsWith("POST")).length, 2);
  assert.ok(registry.lines().every((line) => !line.startsWith("DELETE")));
});

test("mounting asks for rights in both repositories", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "bearer" };
  await using client = testClient();
  const digest = registry.addBlob(LAYER);
  assert.equal(await client.mountBlob(repositoryAt(registry.host), digest, "other/base", SIGNAL), true);
  const asked = registry.seen.find(({ path }) => path.startsWith("/token"))?.path ?? "";
  assert.deepEqual(new URL(asked, "http://x").searchParams.getAll("scope"), [
    "repository:team/app:pull,push",
    "repository:other/base:pull",
  ]);
});

test("an upload that broke begins again from the start", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const { push, layer } = setup();
  let broken = 0;
  registry.arm(
    "PUT /v2/team/app/blobs",
    (request) => {
      broken++;
      request.once("data", () => request.socket.destroy());
    },
    1,
  );
  registry.arm("PUT /v2/team/app/blobs", (_, response) => void response.writeHead(503).end(), 1);
  await push(client, registry);
  assert.equal(broken, 1);
  assert.ok(registry.blobs.get(layer.descriptor.digest)?.equals(LAYER));
  assert.equal(registry.lines().filter((line) => line.startsWith("POST")).length, 4);
});

test("an upload to another host gets no credentials", async () => {
  await using registry = await FakeRegistry.start();
  await using foreign = await FakeRegistry.start();
  registry.guard = { kind: "basic", user: "alice:open-sesame" };
  await using client = testClient({
    credentials: {
      [registry.host]: { kind: "basic", username: "alice", password: "open-sesame" },
      [foreign.host]: { kind: "basic", username: "alice", password: "open-sesame" },
    },
  });
  const { push, layer } = setup();
  registry.arm("POST", (request, response) => {
    const known = request.headers.authorization === basicOf("alice:open-sesame");
    const headers = { location: `http://${foreign.host}/v2/any/blobs/up` };
    response.writeHead(known ? 202 : 401, known ? headers : { "www-authenticate": "Basic" }).end();
  });
  await push(client, registry);
  assert.ok(foreign.blobs.get(layer.descriptor.digest)?.equals(LAYER));
  assert.ok(foreign.seen.every(({ authorization }) => authorization === undefined));
  foreign.guard = { kind: "basic", user: "alice:open-sesame" };
  await assert.rejects(
    client.putBlob(repositoryAt(registry.host), layer.descriptor, layer.open, SIGNAL),
    says("REGISTRY_AUTH", /./),
  );
  assert.equal(foreign.seen.at(-1)?.authorization, undefined);
});

test("one refused blob ends the push, and no name appears", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const { push } = setup();
  registry.arm("POST", (_, response) => void response.writeHead(403).end('{"errors":[{"code":"DENIED"}]}'));
  await assert.rejects(push(client, registry), says("REGISTRY_AUTH", /^Cannot push .*\(DENIED\)$/));
  assert.equal(registry.manifests.size, 0);
});

test("a registry that does not say where to upload is refused", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.arm("POST", (_, response) => void response.writeHead(202).end());
  await assert.rejects(setup().push(client, registry), says("REGISTRY_RESPONSE", /where to upload/));
});

test("putManifest() refuses a registry that stored something else", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.arm("PUT", (request, response) => {
    request.resume().on("end", () => {
      response.writeHead(201, { "docker-content-digest": sha256("other") }).end();
    });
  });
  const raw = Buffer.from("{}");
  await assert.rejects(
    client.putManifest(repositoryAt(registry.host), "1", MEDIA_TYPES.ociManifest, raw, SIGNAL),
    says("DIGEST_MISMATCH", /stored sha256/),
  );
});
