import assert from "node:assert/strict";
import { test } from "node:test";
import { convertTree } from "../../builder/images/convert/convert-tree.ts";
import { narrow } from "../../builder/images/transports/narrow.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import type { BuildEvent } from "../../builder/core/events.ts";
import { parsePlatform } from "../../builder/core/platform.ts";
import { buildArtifact, buildConfig, buildIndex, buildManifest } from "../../builder/image/build.ts";
import { parseIndexDocument, parseManifest } from "../../builder/image/manifest.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import { once, type ImageTree, type TreeBlob, type TreeDocument } from "../../builder/outputs/image-tree.ts";

const ABOUT = "vnd.docker.reference.digest";
const STATED = "application/vnd.in-toto+json";

function blob(mediaType: string, text: string): TreeBlob {
  const data = Buffer.from(text);
  const descriptor = { mediaType, digest: sha256(data), size: data.length };
  return { descriptor, sources: [], open: () => once(data) };
}

function document(raw: Buffer, mediaType: string, more: Partial<Descriptor> = {}): TreeDocument {
  return { raw, descriptor: { mediaType, digest: sha256(raw), size: raw.length, ...more } };
}

/** An index as BuildKit writes it: images, and beside each what is stated of it. */
function buildkitTree(...platforms: readonly string[]): ImageTree {
  const blobs: TreeBlob[] = [];
  const children = platforms.flatMap((name) => {
    const platform = parsePlatform(name);
    const layer = blob(MEDIA_TYPES.ociLayerZstd, `layer ${name}`);
    const parts = { platform, created: "2026-01-01T00:00:00Z", config: {}, history: [] };
    const config = buildConfig({ ...parts, diffIds: [sha256(name) as DiffId] });
    const configBlob = blob(MEDIA_TYPES.ociConfig, config.toString());
    const raw = buildManifest({ format: "oci", config: configBlob.descriptor, layers: [layer.descriptor] });
    const image = document(raw, MEDIA_TYPES.ociManifest, { platform });
    const statement = blob(STATED, `statement ${name}`);
    const about = buildArtifact(blob(MEDIA_TYPES.ociConfig, "{}").descriptor, [statement.descriptor]);
    blobs.push(layer, configBlob, statement, blob(MEDIA_TYPES.ociConfig, "{}"));
    const unknown = {
      platform: { os: "unknown", architecture: "unknown" },
      annotations: { [ABOUT]: image.descriptor.digest },
    };
    return [image, document(about, MEDIA_TYPES.ociManifest, unknown)];
  });
  const index = buildIndex({ format: "oci", manifests: children.map(({ descriptor }) => descriptor) });
  return { top: document(index, MEDIA_TYPES.ociIndex), children, blobs };
}

async function asIs(given: TreeBlob): Promise<TreeBlob> {
  return given;
}

/** What a layer would become: another blob of that type. */
async function another(given: TreeBlob, compression: string | undefined): Promise<TreeBlob> {
  if (compression === undefined) return given;
  return blob(MEDIA_TYPES.ociLayerGzip, `${given.descriptor.digest} as ${compression}`);
}

function digests({ children }: ImageTree): string[] {
  return children.map(({ descriptor }) => descriptor.digest).sort();
}

function nothingSaid(event: BuildEvent): void {
  assert.fail(JSON.stringify(event));
}

test("convertTree() leaves every byte where nothing changes", async () => {
  const tree = buildkitTree("linux/amd64", "linux/arm64");
  const same = await convertTree(tree, { format: "oci" }, asIs, nothingSaid);
  assert.ok(same.top.raw.equals(tree.top.raw));
  assert.deepEqual(digests(same), digests(tree));
  assert.equal(same.blobs.length, 7);
});

test("convertTree() leaves out of an index what was stated of the images as they were", async () => {
  const events: BuildEvent[] = [];
  const tree = buildkitTree("linux/amd64", "linux/arm64");
  for (const [conversion, mediaType] of [
    [{ compression: "gzip" }, MEDIA_TYPES.ociManifest],
    // It has no name for zstd: gzip it is.
    [{ format: "docker" }, MEDIA_TYPES.dockerManifest],
  ] as const) {
    const made = await convertTree(tree, conversion, another, (event) => void events.push(event));
    const { manifests } = parseIndexDocument(made.top.raw);
    assert.deepEqual(
      manifests.map(({ mediaType, platform }) => [mediaType, platform?.architecture]),
      [
        [mediaType, "amd64"],
        [mediaType, "arm64"],
      ],
    );
    for (const { digest } of manifests) {
      const child = made.children.find(({ descriptor }) => descriptor.digest === digest);
      const { config, layers } = parseManifest(child?.raw ?? Buffer.alloc(0));
      for (const one of [config, ...layers])
        assert.ok(made.blobs.some(({ descriptor }) => descriptor.digest === one.digest));
      assert.ok(layers.every((one) => one.mediaType.endsWith("gzip")));
    }
  }
  assert.deepEqual(
    events.flatMap((event) => (event.type === "notice" ? [event.message] : [])),
    [
      "left out of the index: 2 statements about images as they were",
      "left out of the index: 2 artifacts, which docker's format does not have",
    ],
  );
});

test("convertTree() refuses an artifact in docker's format, and a config that does not fit its manifest", async () => {
  const artifact = document(
    buildArtifact(blob("application/x", "{}").descriptor, []),
    MEDIA_TYPES.ociManifest,
  );
  const tree = { top: artifact, children: [], blobs: [blob("application/x", "{}")] };
  await assert.rejects(convertTree(tree, { format: "docker" }, asIs, nothingSaid), /it is no image/);
  const config = blob(
    MEDIA_TYPES.ociConfig,
    '{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}}',
  );
  const layer = blob(MEDIA_TYPES.ociLayer, "x");
  const raw = buildManifest({ format: "oci", config: config.descriptor, layers: [layer.descriptor] });
  const image = { top: document(raw, MEDIA_TYPES.ociManifest), children: [], blobs: [config, layer] };
  await assert.rejects(
    convertTree(image, { compression: "gzip" }, asIs, nothingSaid),
    /its manifest has 1 layers, its config 0/,
  );
});

test("convertTree() says that docker's format has no annotations", async () => {
  const messages: string[] = [];
  const tree = buildkitTree("linux/amd64");
  const [image] = tree.children;
  const raw = Buffer.from((image?.raw.toString() ?? "").replace("{", '{"annotations":{"a":"b"},'));
  const noted = { ...tree, top: document(raw, MEDIA_TYPES.ociManifest), children: [] };
  const made = await convertTree(noted, { format: "docker" }, another, (event) => {
    if (event.type === "notice") messages.push(event.message);
  });
  assert.deepEqual(messages, ["left out: annotations, which docker's format does not have"]);
  assert.ok(!made.top.raw.includes("annotations"));
});

test("narrow() takes some of an index's images, or one of them", () => {
  const tree = buildkitTree("linux/amd64", "linux/arm64", "linux/s390x");
  const some = narrow(tree, [parsePlatform("linux/s390x"), parsePlatform("linux/amd64")]);
  const { manifests } = parseIndexDocument(some.top.raw);
  assert.deepEqual(
    manifests.map(({ platform }) => platform?.architecture),
    ["amd64", "s390x"],
  );
  assert.equal(some.children.length, 2);
  assert.equal(some.blobs.length, 4);
  const one = narrow(tree, [parsePlatform("linux/arm64")]);
  assert.equal(one.top, tree.children[2]);
  assert.equal(one.blobs.length, 2);
  assert.throws(() => narrow(one, [parsePlatform("linux/arm64"), parsePlatform("linux/amd64")]), {
    code: "PLATFORM_NOT_FOUND",
  });
});
