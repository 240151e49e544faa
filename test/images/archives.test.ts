import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { hexOf, sha256, type DiffId } from "../../builder/core/digest.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { buildConfig, buildManifest } from "../../builder/image/build.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";
import { readArchive } from "../../builder/images/transports/open-archive.ts";
import { writeToStore } from "../../builder/images/transports/store-target.ts";
import { openStore } from "../../builder/store/open.ts";
import type { Store } from "../../builder/store/types.ts";
import { piecesOf } from "../layers/helpers.ts";
import { END, forge, pax, type Forged } from "../layers/tar-forge.ts";

const LAYER = Buffer.concat([forge({ name: "file", data: "content" }), END]);
const DIFF_ID = sha256(LAYER) as DiffId;

function configOf(...diffIds: readonly DiffId[]): Buffer {
  const platform = { os: "linux", architecture: "amd64" };
  return buildConfig({ platform, created: "2024-01-01T00:00:00Z", config: {}, diffIds, history: [] });
}

const CONFIG = configOf(DIFF_ID);
const CONFIG_NAME = `${hexOf(sha256(CONFIG))}.json`;
const ENTRY = { Config: CONFIG_NAME, RepoTags: ["app:1"], Layers: ["layer.tar"] };

function json(name: string, value: unknown): Forged {
  return { name, data: JSON.stringify(value) };
}

/** An archive of `docker save`; the parts are its members. */
function docker(entry: object = ENTRY, ...more: readonly Forged[]): Forged[] {
  return [{ name: CONFIG_NAME, data: CONFIG }, json("manifest.json", [entry]), ...more];
}

function describe(mediaType: string, data: Buffer) {
  return { mediaType, digest: sha256(data), size: data.length };
}

function blob(data: Buffer, content = data): Forged {
  return { name: `blobs/sha256/${hexOf(sha256(data))}`, data: content };
}

/** An OCI layout with one image; `change` may spoil its parts. */
function layout(
  change: { layer?: Buffer; name?: string; size?: number; config?: Buffer; blob?: Buffer } = {},
): Forged[] {
  const layer = change.layer ?? LAYER;
  const config = change.config ?? CONFIG;
  const zipped = layer[0] === 0x1f;
  const layerDescriptor = {
    ...describe(zipped ? MEDIA_TYPES.ociLayerGzip : MEDIA_TYPES.ociLayer, layer),
    ...(change.size === undefined ? {} : { size: change.size }),
  };
  const configDescriptor = describe(MEDIA_TYPES.ociConfig, config);
  const manifest = buildManifest({ format: "oci", config: configDescriptor, layers: [layerDescriptor] });
  const top = {
    ...describe(MEDIA_TYPES.ociManifest, manifest),
    annotations: { "io.containerd.image.name": change.name ?? "docker.io/library/app:1" },
  };
  return [
    json("oci-layout", { imageLayoutVersion: "1.0.0" }),
    json("index.json", { schemaVersion: 2, manifests: [top] }),
    blob(config),
    blob(layer, change.blob),
    blob(manifest),
  ];
}

async function inStore(work: (store: Store) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    const store = openStore({ root, env: {} });
    await work(store);
    await store.close();
    assert.deepEqual(readdirSync(root).includes("tmp") ? readdirSync(join(root, "tmp")) : [], []);
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function load(store: Store, archive: Buffer): Promise<readonly string[]> {
  const trees = await readArchive(store, piecesOf(archive, 700), "the archive");
  for (const { tree, names } of trees)
    await writeToStore(store, tree, names, "pulled", new AbortController().signal);
  return trees.flatMap(({ names }) => names);
}

function tar(...members: readonly (Forged | Buffer)[]): Buffer {
  return Buffer.concat([...members.map((member) => (Buffer.isBuffer(member) ? member : forge(member))), END]);
}

const LAYER_FILE: Forged = { name: "layer.tar", data: LAYER };

test("archives of docker and the OCI are taken, plain or compressed, in any order", async () => {
  const link: Forged = { name: "dir/layer.tar", type: "2", link: "../layer.tar" };
  const hard: Forged = { name: "second.tar", type: "1", link: "layer.tar" };
  const zipped = gzipSync(LAYER);
  const good: readonly (readonly [what: string, archive: Buffer])[] = [
    ["docker", tar(...docker(ENTRY, LAYER_FILE))],
    ["docker, compressed", gzipSync(tar(...docker(ENTRY, LAYER_FILE)))],
    [
      "docker, its layer behind a link",
      tar(LAYER_FILE, link, ...docker({ ...ENTRY, Layers: ["dir/layer.tar"] })),
    ],
    [
      "docker, its layer behind a hard link",
      tar(LAYER_FILE, hard, ...docker({ ...ENTRY, Layers: ["second.tar"] })),
    ],
    ["docker, a compressed layer", tar(...docker(ENTRY, { name: "layer.tar", data: zipped }))],
    ["the same file twice", tar(LAYER_FILE, ...docker(ENTRY, LAYER_FILE))],
    ["names with ./", tar({ ...LAYER_FILE, name: "./layer.tar" }, ...docker())],
    ["oci", tar(...layout())],
    ["oci, backwards", tar(...layout().reverse())],
    ["oci, a compressed layer", tar(...layout({ layer: zipped }))],
    ["both kinds in one", tar(...layout(), ...docker(ENTRY, LAYER_FILE))],
  ];
  for (const [what, archive] of good) {
    await inStore(async (store) => {
      assert.deepEqual(await load(store, archive), ["docker.io/library/app:1"], what);
      const target = store.refs.get("docker.io/library/app:1");
      assert.ok(target !== undefined && store.blobs.has(target.digest), what);
      assert.ok(store.blobs.has(sha256(CONFIG)), what);
      const forms = store.layers.get(DIFF_ID)?.compressed ?? [];
      assert.ok(store.blobs.has(DIFF_ID) || forms.some(({ digest }) => store.blobs.has(digest)), what);
    });
  }
});

function refusing(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof TsbuildError && message.test(error.message);
}

test("hostile and broken archives are refused, and nothing of them stays", async () => {
  const other = Buffer.concat([forge({ name: "other" }), END]);
  const otherConfig = configOf(DIFF_ID, DIFF_ID);
  const bad: readonly (readonly [what: string, archive: Buffer, message: RegExp])[] = [
    [
      "a link out of it",
      tar({ name: "layer.tar", type: "2", link: "/etc/passwd" }, ...docker()),
      /it has no "layer.tar"/,
    ],
    [
      "a link upwards",
      tar({ name: "layer.tar", type: "2", link: "../../etc/passwd" }, ...docker()),
      /it has no "layer.tar"/,
    ],
    [
      "links in a circle",
      tar({ name: "layer.tar", type: "2", link: "layer.tar" }, ...docker()),
      /it has no "layer.tar"/,
    ],
    ["a name upwards", tar({ name: "../layer.tar", data: LAYER }, ...docker()), /has ".." in its name/],
    ["a huge name", tar(pax(`path=${"a/".repeat(3000)}x`), LAYER_FILE, ...docker()), /has a name too long/],
    ["a device", tar({ name: "layer.tar", type: "3" }, ...docker()), /is a device or a pipe/],
    [
      "two of one name",
      tar(LAYER_FILE, { name: "layer.tar", data: other }, ...docker()),
      /stands in it twice/,
    ],
    [
      "a file and a link of one name",
      tar(LAYER_FILE, { name: "layer.tar", type: "2", link: "x" }, ...docker()),
      /twice/,
    ],
    ["no layer", tar(...docker()), /it has no "layer.tar"/],
    ["another layer", tar(...docker(ENTRY, { name: "layer.tar", data: other })), /its content is sha256:/],
    [
      "another config",
      tar({ name: CONFIG_NAME, data: otherConfig }, json("manifest.json", [ENTRY]), LAYER_FILE),
      /its config .* has the digest/,
    ],
    [
      "a layer too many",
      tar(...docker({ ...ENTRY, Layers: ["layer.tar", "layer.tar"] }, LAYER_FILE)),
      /has 2 layers, its config 1/,
    ],
    [
      "a config upwards",
      tar(...docker({ ...ENTRY, Config: "../../../etc/passwd" }, LAYER_FILE)),
      /it has no/,
    ],
    ["no list", tar(json("manifest.json", ENTRY)), /not a list of images/],
    [
      "a key twice",
      tar({ name: "manifest.json", data: `[{"Config":"a",${JSON.stringify(ENTRY).slice(1)}]` }, LAYER_FILE),
      /stands in it twice, so it is ambiguous/,
    ],
    ["no JSON", tar({ name: "manifest.json", data: "{" }), /it is not JSON/],
    [
      "a document too large",
      tar({ name: "manifest.json", data: Buffer.alloc(5 << 20, " ") }),
      /more than the 4194304 of a document/,
    ],
    ["a bad name", tar(...docker({ ...ENTRY, RepoTags: ["A B"] }, LAYER_FILE)), /Cannot use image name/],
    ["oci: no blob", tar(...layout().filter((_, index) => index !== 3)), /it has no "blobs/],
    [
      "oci: other bytes",
      tar(...layout({ blob: Buffer.alloc(LAYER.length) })),
      /has the digest .*, and should have/,
    ],
    ["oci: another size", tar(...layout({ size: 7 })), /bytes, and should have 7/],
    ["oci: another DiffID", tar(...layout({ layer: gzipSync(other) })), /its content is sha256:/],
    [
      "oci: a DiffID too many",
      tar(...layout({ config: otherConfig })),
      /its manifest has 1 layers, its config 2/,
    ],
    ["oci: a bad name", tar(...layout({ name: "../../x" })), /Cannot use image name/],
    [
      "two tales",
      tar(...layout({ config: otherConfig }), ...docker(ENTRY, LAYER_FILE)),
      /its index.json does not have/,
    ],
    ["from before 1.10", tar(json("repositories", {})), /from a docker before 1.10/],
    ["no image", tar({ name: "etc/passwd", data: "root" }), /it has no image in it/],
    ["nothing", Buffer.alloc(0), /it has no image in it/],
    ["cut off", tar(...docker(ENTRY, LAYER_FILE)).subarray(0, 2000), /it ends too early/],
    ["damaged gzip", gzipSync(tar(...docker(ENTRY, LAYER_FILE))).subarray(0, 200), /gzip data is damaged/],
  ];
  for (const [what, archive, message] of bad) {
    await inStore(async (store) => {
      await assert.rejects(load(store, archive), refusing(message), what);
      assert.deepEqual(store.refs.list(), [], what);
      assert.equal(existsSync(join(store.root, "refs")), false, what);
    });
  }
});
