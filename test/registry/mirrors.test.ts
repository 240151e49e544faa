import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import { again } from "../../builder/registry/download.ts";
import type { Location, RegistryClient } from "../../builder/registry/types.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { SIGNAL, collect, repositoryAt, says, testClient } from "./rig.ts";

const DATA = Buffer.alloc(300_000, "layer");
const BLOB: Descriptor = { mediaType: MEDIA_TYPES.ociLayer, digest: sha256(DATA), size: DATA.length };

/** A `[[registry]]` of registries.conf. */
function location(host: string, more: Partial<Location>): Location {
  return {
    prefix: host,
    location: "",
    insecure: false,
    blocked: false,
    mirrors: [],
    file: "a.conf",
    ...more,
  };
}

function asked(registry: FakeRegistry): readonly string[] {
  return registry.lines().map((line) => line.replace(/ .*\//, " "));
}

function fetch(client: RegistryClient, registry: FakeRegistry): Promise<Buffer> {
  return again(() => collect(client.getBlob(repositoryAt(registry.host), BLOB, SIGNAL)));
}

for (const [what, bytes] of [
  ["other bytes", Buffer.alloc(DATA.length)],
  ["other bytes after a break", Buffer.alloc(DATA.length, 1)],
] as const) {
  test(`a mirror that sends ${what} gives way to the next one, for this blob`, async () => {
    await using origin = await FakeRegistry.start();
    await using liar = await FakeRegistry.start();
    await using good = await FakeRegistry.start();
    good.addBlob(DATA);
    liar.blobs.set(BLOB.digest, bytes);
    if (what.endsWith("break")) {
      liar.arm(
        "GET",
        (_, response) => {
          response.writeHead(200, { "content-length": bytes.length });
          response.write(bytes.subarray(0, 1000), () => response.destroy());
        },
        1,
      );
    }
    const other = liar.addBlob(Buffer.from("sound"));
    await using client = testClient({
      registries: { [origin.host]: { mirrors: [liar.host, good.host] } },
    });
    assert.ok(DATA.equals(await fetch(client, origin)));
    const before = liar.seen.length;
    assert.ok(DATA.equals(await fetch(client, origin)));
    assert.equal(liar.seen.length, before);
    assert.equal(origin.seen.length, 0);
    const descriptor = { ...BLOB, digest: other, size: 5 };
    await collect(client.getBlob(repositoryAt(origin.host), descriptor, SIGNAL));
    assert.equal(liar.seen.length, before + 1);
  });
}

test("a registry that sends other bytes is asked once", async () => {
  await using origin = await FakeRegistry.start();
  origin.blobs.set(BLOB.digest, Buffer.alloc(DATA.length));
  await using client = testClient();
  await assert.rejects(fetch(client, origin), says("DIGEST_MISMATCH", /what arrived is/));
  assert.equal(origin.seen.length, 1);
});

test("what mirrors answered is told where the registry fails too", async () => {
  await using origin = await FakeRegistry.start();
  await using mirror = await FakeRegistry.start();
  mirror.guard = { kind: "basic", user: "a:b" };
  await using client = testClient({ registries: { [origin.host]: { mirrors: [mirror.host] } } });
  await assert.rejects(client.getManifest(repositoryAt(origin.host), "1", SIGNAL), (error: Error) => {
    assert.ok(says("REGISTRY_NOT_FOUND", new RegExp(`${origin.host} does not have it`))(error));
    assert.match("hint" in error ? String(error.hint) : "", /before it: Cannot pull .* needs credentials/);
    return true;
  });
});

test("registries.conf: mirrors are asked for what they are there for", async () => {
  await using origin = await FakeRegistry.start();
  await using digests = await FakeRegistry.start();
  await using tags = await FakeRegistry.start();
  const image = origin.addImage("team/app", "1", DATA);
  const locations = [
    location(origin.host, {
      mirrors: [
        { location: `${digests.host}/team`, insecure: false, serves: "digest-only" },
        { location: `${tags.host}/team`, insecure: false, serves: "tag-only" },
      ],
      prefix: `${origin.host}/team`,
    }),
  ];
  await using client = testClient({ locations });
  const repository = repositoryAt(origin.host);
  await client.getManifest(repository, "1", SIGNAL);
  await client.getManifest(repository, image.digest, SIGNAL);
  await client.headManifest(repository, "1", SIGNAL);
  assert.deepEqual(asked(digests), [`GET ${image.digest}`]);
  assert.deepEqual(asked(tags), ["GET 1", "HEAD 1"]);
});

test("registries.conf: an insecure registry without TLS is asked without, and for pushes too", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "basic", user: "alice:open-sesame" };
  registry.addImage("team/app", "1", DATA);
  const credentials = {
    [registry.host]: { kind: "basic", username: "alice", password: "open-sesame" },
  } as const;
  await using client = testClient({ credentials, locations: [location(registry.host, { insecure: true })] });
  const repository = repositoryAt(registry.host);
  await Promise.all([1, 2].map(() => client.getManifest(repository, "1", SIGNAL)));
  await client.putBlob(
    repository,
    BLOB,
    async function* () {
      yield DATA;
    },
    SIGNAL,
  );
  assert.equal(await client.login(registry.host, SIGNAL), true);
  assert.equal(registry.lines().filter((line) => line === "GET /v2/").length, 2);
});

test("registries.conf: an insecure registry that is not there is one error", async () => {
  const registry = await FakeRegistry.start();
  const { host } = registry;
  await registry[Symbol.asyncDispose]();
  await using client = testClient({ locations: [location(host, { insecure: true })] });
  await assert.rejects(
    client.getManifest(repositoryAt(host), "1", SIGNAL),
    says("NETWORK", /nothing listens on port/),
  );
});
