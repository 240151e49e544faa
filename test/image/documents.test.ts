import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as check, json as anyJson, property } from "fast-check";
import { duplicateKey } from "../../builder/core/duplicate-key.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { buildConfig, buildIndex, buildManifest } from "../../builder/image/build.ts";
import { parseImageConfig } from "../../builder/image/config.ts";
import { parseIndexDocument, parseManifest, parseManifestOrIndex } from "../../builder/image/manifest.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";

const DIGEST = sha256("x");
const CONFIG: Descriptor = { mediaType: MEDIA_TYPES.ociConfig, digest: DIGEST, size: 7 };
const LAYER: Descriptor = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: DIGEST, size: 3 };
const MANIFEST = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config: CONFIG, layers: [LAYER] };

function json(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}

function refuses(reason: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof TsbuildError && error.code === "IMAGE_INVALID" && reason.test(error.message);
}

test("parseManifest() keeps bytes and digest, and tolerates what it does not know", () => {
  const raw = json({
    ...MANIFEST,
    subject: { any: 1 },
    config: { ...CONFIG, urls: ["x"] },
    annotations: { a: "b" },
  });
  const manifest = parseManifest(raw, `${MEDIA_TYPES.ociManifest}; charset=utf-8`);
  assert.equal(manifest.raw, raw);
  assert.equal(manifest.digest, sha256(raw));
  assert.deepEqual(manifest.config, CONFIG);
  assert.deepEqual(manifest.layers, [LAYER]);
  assert.deepEqual({ ...manifest.annotations }, { a: "b" });
});

test("parseManifestOrIndex() takes the media type from the document, else from beside it, else the OCI's", () => {
  const { mediaType: _, ...bare } = MANIFEST;
  assert.equal(parseManifestOrIndex(json(bare)).mediaType, MEDIA_TYPES.ociManifest);
  assert.equal(
    parseManifestOrIndex(json(bare), MEDIA_TYPES.dockerManifest).mediaType,
    MEDIA_TYPES.dockerManifest,
  );
  assert.equal(parseManifestOrIndex(json(MANIFEST), "application/json").mediaType, MEDIA_TYPES.ociManifest);
  assert.equal(
    parseManifestOrIndex(json({ schemaVersion: 2, manifests: [] })).mediaType,
    MEDIA_TYPES.ociIndex,
  );
});

const WRONG: readonly (readonly [string, unknown, RegExp, string?])[] = [
  ["not JSON", undefined, /not JSON/],
  ["a list", [], /not a JSON object/],
  ["null", null, /not a JSON object/],
  ["nothing", {}, /neither/],
  ["layers and manifests", { ...MANIFEST, manifests: [] }, /ambiguous/],
  ["Layers beside layers", { ...MANIFEST, Layers: [] }, /"Layers" in letters of another case/],
  ["manifests and config", { schemaVersion: 2, manifests: [], config: CONFIG }, /ambiguous/],
  ["another schemaVersion", { ...MANIFEST, schemaVersion: 3 }, /schemaVersion/],
  ["docker schema 1", { schemaVersion: 1, fsLayers: [] }, /schema 1/],
  [
    "a bad digest",
    { ...MANIFEST, config: { ...CONFIG, digest: "sha256:../../x" } },
    /"config.digest" is not/,
  ],
  [
    "another algorithm",
    { ...MANIFEST, config: { ...CONFIG, digest: `sha512:${"a".repeat(128)}` } },
    /digest/,
  ],
  ["a negative size", { ...MANIFEST, layers: [{ ...LAYER, size: -1 }] }, /"layers\[0\].size" is not a size/],
  ["a size over 2^53", { ...MANIFEST, layers: [{ ...LAYER, size: 2 ** 60 }] }, /not an integer/],
  ["no size", { ...MANIFEST, layers: [{ ...LAYER, size: undefined }] }, /"layers\[0\].size" is missing/],
  ["layers that are no list", { ...MANIFEST, layers: { length: 1 } }, /not a list/],
  ["an index's media type", { ...MANIFEST, mediaType: MEDIA_TYPES.ociIndex }, /does not fit/],
  ["an index's Content-Type", MANIFEST, /does not fit/, MEDIA_TYPES.dockerIndex],
  ["two media types", MANIFEST, /was given as/, MEDIA_TYPES.dockerManifest],
  ["escape codes in a key", { ...MANIFEST, mediaType: "\u001b[2J" }, /\\x1b/],
];

for (const [what, document, reason, beside] of WRONG) {
  test(`parseManifestOrIndex() refuses ${what}`, () => {
    const raw = document === undefined ? Buffer.from("<html>") : json(document);
    assert.throws(() => parseManifestOrIndex(raw, beside), refuses(reason));
  });
}

test("parseManifestOrIndex() refuses more than 4 MiB", () => {
  assert.throws(() => parseManifestOrIndex(Buffer.alloc(4 * 1024 * 1024 + 1, " ")), refuses(/more than the/));
});

test("parseManifest() and parseIndexDocument() refuse each other's documents", () => {
  assert.throws(() => parseManifest(json({ schemaVersion: 2, manifests: [] })), refuses(/index of several/));
  assert.throws(() => parseIndexDocument(json(MANIFEST)), refuses(/manifest of one/));
});

test("parseImageConfig() reads what docker writes, null as absent", () => {
  const raw = json({
    architecture: "arm64",
    variant: "v8",
    os: "linux",
    created: "2026-01-01T00:00:00Z",
    config: {
      Hostname: "",
      User: "",
      ExposedPorts: { "80/tcp": {} },
      Env: ["A=b"],
      Entrypoint: null,
      Cmd: ["sh"],
      OnBuild: null,
      Healthcheck: { Test: ["NONE"], Interval: 30e9 },
      Labels: { k: "v" },
      Volumes: null,
    },
    container: "old",
    rootfs: { type: "layers", diff_ids: [DIGEST] },
    history: [{ created_by: "x", empty_layer: true, unknown: 1 }],
  });
  const config = parseImageConfig(raw);
  assert.deepEqual(config.platform, { os: "linux", architecture: "arm64" });
  assert.deepEqual(JSON.parse(JSON.stringify(config.config)), {
    ExposedPorts: { "80/tcp": {} },
    Env: ["A=b"],
    Cmd: ["sh"],
    Healthcheck: { Test: ["NONE"], Interval: 30e9 },
    Labels: { k: "v" },
  });
  assert.deepEqual(config.diffIds, [DIGEST]);
  assert.deepEqual(config.history, [{ created_by: "x", empty_layer: true }]);
  assert.equal(config.digest, sha256(raw));
});

test("parseImageConfig() takes __proto__ and constructor for names of labels", () => {
  const raw = Buffer.from(
    `{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]},"config":{"Labels":{"__proto__":"a","constructor":"b"}}}`,
  );
  const { config } = parseImageConfig(raw);
  assert.deepEqual(Object.entries(config.Labels ?? {}), [
    ["__proto__", "a"],
    ["constructor", "b"],
  ]);
  assert.equal(({} as { a?: unknown }).a, undefined);
  const again = parseImageConfig(
    buildConfig({
      platform: { os: "linux", architecture: "amd64" },
      created: "",
      config,
      diffIds: [],
      history: [],
    }),
  );
  assert.deepEqual(Object.entries(again.config.Labels ?? {}), [
    ["__proto__", "a"],
    ["constructor", "b"],
  ]);
});

for (const [what, document] of [
  ["an artifact's config", {}],
  ["a config without platform", { rootfs: { diff_ids: [] } }],
  ["wrong digests", { os: "linux", architecture: "amd64", rootfs: { diff_ids: ["x"] } }],
  ["Env that is no list", { os: "linux", architecture: "amd64", rootfs: {}, config: { Env: "A=b" } }],
  ["a Cmd of numbers", { os: "linux", architecture: "amd64", rootfs: {}, config: { Cmd: [1] } }],
] as const) {
  test(`parseImageConfig() refuses ${what}`, () => {
    assert.throws(() => parseImageConfig(json(document)), refuses(/Cannot read the image config/));
  });
}

test("buildConfig() writes the keys in docker's order, maps sorted, empty things left out", () => {
  const raw = buildConfig({
    platform: { os: "linux", architecture: "arm", variant: "v7" },
    created: "2026-01-01T00:00:00Z",
    author: "me",
    config: {
      Labels: { b: "2", a: "1" },
      Env: ["P=1"],
      User: "",
      Entrypoint: null,
      Cmd: [],
      OnBuild: [],
      ArgsEscaped: false,
    },
    diffIds: [DIGEST as DiffId],
    history: [{ empty_layer: false, created_by: "RUN x", created: "2026-01-01T00:00:00Z" }],
  });
  assert.equal(
    raw.toString(),
    `{"architecture":"arm","author":"me","config":{"Env":["P=1"],"Labels":{"a":"1","b":"2"}},` +
      `"created":"2026-01-01T00:00:00Z","history":[{"created":"2026-01-01T00:00:00Z","created_by":"RUN x"}],` +
      `"os":"linux","rootfs":{"type":"layers","diff_ids":["${DIGEST}"]},"variant":"v7"}`,
  );
});

test("buildManifest() writes what parseManifest() reads, in either format", () => {
  const oci = parseManifest(
    buildManifest({ config: CONFIG, layers: [LAYER], annotations: { z: "1", a: "2" }, format: "oci" }),
  );
  assert.equal(oci.mediaType, MEDIA_TYPES.ociManifest);
  assert.deepEqual(oci.layers, [LAYER]);
  assert.deepEqual(Object.keys(oci.annotations), ["a", "z"]);
  const docker = parseManifest(buildManifest({ config: CONFIG, layers: [LAYER], format: "docker" }));
  assert.equal(docker.mediaType, MEDIA_TYPES.dockerManifest);
  assert.equal(docker.config.mediaType, MEDIA_TYPES.dockerConfig);
  assert.equal(docker.layers[0]?.mediaType, MEDIA_TYPES.dockerLayerGzip);
  const back = parseManifest(buildManifest({ ...docker, format: "oci" }));
  assert.deepEqual(back.layers, [LAYER]);
});

test("buildManifest() refuses zstd in docker's format, which has no name for it", () => {
  const zstd = { ...LAYER, mediaType: MEDIA_TYPES.ociLayerZstd };
  assert.throws(() => buildManifest({ config: CONFIG, layers: [zstd], format: "docker" }), /zstd/);
});

test("buildIndex() writes what parseIndexDocument() reads", () => {
  const manifests = [
    {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: DIGEST,
      size: 5,
      platform: { os: "linux", architecture: "arm", variant: "v7" },
    },
  ];
  assert.deepEqual(parseIndexDocument(buildIndex({ manifests, format: "oci" })).manifests, manifests);
});

test("documents in which a key stands twice are ambiguous", () => {
  const once = JSON.stringify(MANIFEST);
  const twice = once.replace('"layers":', '"layers":[],"layers":');
  assert.throws(() => parseManifest(Buffer.from(twice)), /it has "layers" twice/);
  const hidden = once.replace('"layers":', '"l\\u0061yers":[],"layers":');
  assert.throws(() => parseManifest(Buffer.from(hidden)), /it has "layers" twice/);
});

test("duplicateKey() finds what stands twice in one object, and nothing else", () => {
  check(
    property(anyJson({ maxDepth: 4 }), (text) => {
      const pretty = JSON.stringify(JSON.parse(text), undefined, 2);
      assert.equal(duplicateKey(pretty), undefined);
    }),
  );
  const table: readonly (readonly [text: string, key: string | undefined])[] = [
    ['{"a":1,"b":{"a":"a"},"c":["a","a",{"a":2}]}', undefined],
    ['{"a":"\\"","\\"":":{"}', undefined],
    ['{"a":{"b":1,"c":2,"b":3}}', "b"],
    ['[{"a":1},{"a":2,"\\u0061":3}]', "a"],
  ];
  for (const [text, key] of table) assert.equal(duplicateKey(text), key, text);
});
