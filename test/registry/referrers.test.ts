import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { SIGNAL, repositoryAt, says, testClient } from "./rig.ts";

const SUBJECT = sha256("subject");
const TAG = `sha256-${SUBJECT.slice("sha256:".length)}`;

function referrer(text: string): Parameters<ReturnType<typeof testClient>["putReferrer"]>[1] {
  const raw = Buffer.from(JSON.stringify({ schemaVersion: 2, text }));
  const descriptor = {
    mediaType: MEDIA_TYPES.ociManifest,
    digest: sha256(raw),
    size: raw.length,
    artifactType: "a/b",
  };
  return { subject: SUBJECT, raw, descriptor };
}

test("putReferrer() lists artifacts under the subject's tag where the registry keeps no list", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const repository = repositoryAt(`127.0.0.1:${registry.port}`);
  const foreign = {
    mediaType: "x/y",
    digest: sha256("foreign"),
    size: 1,
    artifactType: "c/d",
    unknown: true,
  };
  registry.manifests.set(`team/app ${TAG}`, {
    raw: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [foreign] })),
    mediaType: MEDIA_TYPES.ociIndex,
  });
  const [first, second] = [referrer("1"), referrer("2")];
  for (const one of [first, second, first]) await client.putReferrer(repository, one, SIGNAL);
  const list = JSON.parse(registry.manifests.get(`team/app ${TAG}`)?.raw.toString() ?? "") as {
    manifests: unknown;
  };
  assert.deepEqual(list.manifests, [foreign, first.descriptor, second.descriptor]);
  assert.ok(registry.manifests.has(`team/app ${first.descriptor.digest}`));
});

test("putReferrer() leaves the list to a registry that keeps it", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.arm("PUT /v2/team/app/manifests/sha256:", (_request, response) => {
    response.writeHead(201, { "oci-subject": SUBJECT }).end();
  });
  await client.putReferrer(repositoryAt(`127.0.0.1:${registry.port}`), referrer("1"), SIGNAL);
  assert.deepEqual(
    registry.seen.filter(({ path }) => path.includes(TAG)),
    [],
  );
});

test("putReferrer() does not write over what is no list", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const repository = repositoryAt(`127.0.0.1:${registry.port}`);
  registry.manifests.set(`team/app ${TAG}`, {
    raw: Buffer.from('{"layers":[]}'),
    mediaType: MEDIA_TYPES.ociManifest,
  });
  await assert.rejects(
    client.putReferrer(repository, referrer("1"), SIGNAL),
    says("REGISTRY_RESPONSE", /what has this tag is no list of referrers/),
  );
});
