import assert from "node:assert/strict";
import { test } from "node:test";
import { provenance, type ProvenanceInput } from "../../builder/attest/provenance.ts";
import { referrersOf } from "../../builder/attest/statement.ts";
import { sha256 } from "../../builder/core/digest.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";
import { AMD64, plan } from "../graph/planning.ts";

const IMAGES = { "debian:12": {} };
const COMMIT = "c".repeat(40);
const TEXT = `FROM debian:12 AS build
ARG TOKEN
RUN --mount=type=secret,id=key make
FROM scratch
ADD --checksum=sha256:${"a".repeat(64)} https://user:hunter2@example.com/tool?v=1 /tool
ADD https://git:hunter2@example.com/lib.git#${COMMIT} /lib
COPY --from=build /out /out
`;

async function input(change: Partial<ProvenanceInput> = {}, epoch?: number): Promise<ProvenanceInput> {
  const buildArgs = { TOKEN: "given", HTTP_PROXY: "http://proxy.internal:3128" };
  const { vertices, target } = await plan(TEXT, { buildArgs }, IMAGES);
  return {
    mode: "min",
    builderId: "https://ci.example.com/job/1",
    version: "1",
    dockerfile: { path: "Dockerfile", text: TEXT },
    request: { args: buildArgs, labels: { a: "b" }, secrets: ["key"], ssh: [], contexts: {} },
    vertices,
    target: epoch === undefined ? target : { ...target, epoch },
    buildPlatform: AMD64,
    started: 1_000,
    finished: 2_000,
    invocation: "this one",
    ...change,
  };
}

test("provenance() names what went in by its digests, and no credentials", async () => {
  const { predicateType, predicate } = provenance(await input());
  assert.equal(predicateType, "https://slsa.dev/provenance/v1");
  const { buildDefinition, runDetails } = predicate as {
    buildDefinition: { resolvedDependencies: unknown; externalParameters: object };
    runDetails: object;
  };
  const debian = await plan("FROM debian:12\nRUN x", {}, IMAGES);
  const [image] = debian.vertices.flatMap(({ op }) => (op.type === "image" ? [op] : []));
  assert.deepEqual(buildDefinition.resolvedDependencies, [
    { uri: "git+https://example.com/lib.git", digest: { gitCommit: COMMIT } },
    { uri: "https://example.com/tool?v=1", digest: { sha256: "a".repeat(64) } },
    { uri: "pkg:docker/debian@12?platform=linux%2Famd64", digest: { sha256: image?.manifest.slice(7) } },
  ]);
  assert.deepEqual(runDetails, {
    builder: { id: "https://ci.example.com/job/1", version: { tsbuild: "1" } },
    metadata: {
      invocationId: "this one",
      startedOn: "1970-01-01T00:00:01.000Z",
      finishedOn: "1970-01-01T00:00:02.000Z",
    },
  });
  assert.deepEqual(buildDefinition.externalParameters, {
    configSource: { path: "Dockerfile", digest: { sha256: sha256(TEXT).slice(7) } },
    request: { frontend: "dockerfile.v0", platform: "linux/amd64", labels: { a: "b" } },
  });
});

test("provenance() has arguments, secrets' ids and steps with mode=max alone, and never passwords or proxies of steps", async () => {
  const min = JSON.stringify(provenance(await input()));
  const max = JSON.stringify(
    provenance(
      await input({ mode: "max", request: { ...(await input()).request, args: { TOKEN: "given" } } }),
    ),
  );
  for (const text of ["TOKEN", "given", "key", "RUN --mount"]) {
    assert.ok(!min.includes(text), text);
    assert.ok(max.includes(text), text);
  }
  assert.doesNotMatch(max, /hunter2|proxy\.internal/);
});

test("provenance() is the same for the same build with SOURCE_DATE_EPOCH", async () => {
  const [a, b] = [await input({}, 5), await input({ started: 9, finished: 10, invocation: "another" }, 5)];
  assert.deepEqual(provenance(a), provenance(b));
  assert.match(JSON.stringify(provenance(a)), /"startedOn":"1970-01-01T00:00:05.000Z"/);
});

test("referrersOf() makes an artifact of each predicate, with the image as its subject", () => {
  const subject = { mediaType: MEDIA_TYPES.ociManifest, digest: sha256("image"), size: 5 };
  const attestations = {
    names: ["ghcr.io/me/app:1"],
    predicates: [{ predicateType: "https://example.com/x", predicate: { a: 1 } }],
  };
  const [referrer, other] = referrersOf(subject, AMD64, attestations);
  assert.ok(referrer !== undefined && other === undefined);
  const manifest = JSON.parse(referrer.raw.toString()) as {
    subject: object;
    artifactType: string;
    layers: { digest: string }[];
  };
  assert.deepEqual(manifest.subject, subject);
  assert.equal(manifest.artifactType, "application/vnd.in-toto+json");
  assert.equal(referrer.descriptor.digest, sha256(referrer.raw));
  const [statement] = referrer.blobs;
  assert.equal(statement?.descriptor.digest, manifest.layers[0]?.digest);
  assert.deepEqual(JSON.parse(statement?.data.toString() ?? ""), {
    _type: "https://in-toto.io/Statement/v1",
    subject: [
      {
        name: "pkg:docker/ghcr.io/me/app@1?platform=linux%2Famd64",
        digest: { sha256: sha256("image").slice(7) },
      },
    ],
    predicateType: "https://example.com/x",
    predicate: { a: 1 },
  });
});
