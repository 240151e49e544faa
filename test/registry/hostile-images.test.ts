import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { openTsbuild } from "../../builder/build.ts";
import { registrySource } from "../../builder/cache/registry.ts";
import { sha256, type Digest, type DiffId } from "../../builder/core/digest.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { hostPlatform } from "../../builder/core/platform.ts";
import { buildConfig, buildIndex, buildManifest } from "../../builder/image/build.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { END, forge } from "../layers/tar-forge.ts";
import { SIGNAL, testClient } from "./rig.ts";

const TAR = Buffer.concat([forge({ name: "file", data: "content" }), END]);
const LAYER = gzipSync(TAR);
const OTHER = gzipSync(Buffer.concat([forge({ name: "file", data: "CONTENT" }), END]));
const CONFIG = configOf(sha256(TAR));

function configOf(diffId: Digest): Buffer {
  const parts = { platform: hostPlatform(), created: "2024-01-01T00:00:00Z", config: {}, history: [] };
  return buildConfig({ ...parts, diffIds: [diffId as DiffId] });
}

function described(mediaType: string, data: Buffer): Descriptor {
  return { mediaType, digest: sha256(data), size: data.length };
}

/** The manifest of an image whose blobs are there; `change` may spoil what it says. */
function manifestOf(registry: FakeRegistry, change: (text: string) => string = (text) => text): Buffer {
  registry.addBlob(LAYER);
  registry.addBlob(CONFIG);
  const layers = [described(MEDIA_TYPES.ociLayerGzip, LAYER)];
  const raw = buildManifest({ format: "oci", config: described(MEDIA_TYPES.ociConfig, CONFIG), layers });
  return Buffer.from(change(raw.toString()));
}

/** What is done with an image of a registry that nobody should trust. */
interface Bench {
  readonly name: string;
  readonly registry: FakeRegistry;
  /** Where it is copied to. */
  readonly target: FakeRegistry;
  path(name: string): string;
  readonly options: Parameters<typeof openTsbuild>[0];
  readonly tsbuild: Awaited<ReturnType<typeof openTsbuild>>;
}

type Act = (bench: Bench) => Promise<unknown>;

const WATCHED = { signal: SIGNAL, emit: () => {} };
const USER = "me:a-password";
/** Reads documents alone. */
const CACHE: Act = async ({ name, registry }) => {
  const [username = "", password = ""] = USER.split(":");
  await using client = testClient({
    credentials: { [registry.host]: { kind: "basic", username, password } },
  });
  return await registrySource(async () => client, { ref: name }, [hostPlatform()]).load(SIGNAL);
};
/** A build that reads all layers of what it begins with. */
const BUILD: Act = async ({ tsbuild, name, path }) => {
  const context = path("context");
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, "Dockerfile"), `FROM ${name}\n`);
  const nothing = { tags: [], buildArgs: {}, labels: {}, noCache: false, push: false };
  const outputs = [{ type: "tar", dest: path("root.tar") }] as const;
  return tsbuild.build({ ...nothing, ...WATCHED, pull: "missing", context, outputs });
};
const ACTS: Readonly<Record<string, Act>> = {
  "cache import": CACHE,
  pull: ({ tsbuild, name }) => tsbuild.pull(name, WATCHED),
  build: BUILD,
  "copy to the store": ({ tsbuild, name }) => tsbuild.copy(name, "store:x", { ...WATCHED, all: true }),
  "copy to a layout": ({ tsbuild, name, path }) =>
    tsbuild.copy(name, `oci:${path("layout")}`, { ...WATCHED, all: false }),
  "copy to a registry": ({ tsbuild, name, target }) =>
    tsbuild.copy(name, `${target.host}/taken:1`, { ...WATCHED, all: true }),
  "copy with conversion": ({ tsbuild, name, path }) =>
    tsbuild.copy(name, `oci-archive:${path("archive")}`, { ...WATCHED, all: true, compression: "zstd" }),
};
const ALL = Object.keys(ACTS);
const WITH_BLOBS = ALL.filter((act) => act !== "cache import");
/** Those that look into layers: the others pass them on as they are. */
const WITH_CONTENT = ["build", "copy to the store", "copy with conversion"];

interface Attack {
  readonly what: string;
  readonly prepare: (registry: FakeRegistry) => void;
  readonly codes: readonly string[];
  readonly acts: readonly string[];
}

function tagged(registry: FakeRegistry, raw: Buffer, mediaType: string = MEDIA_TYPES.ociManifest): void {
  registry.addManifest("app", "1", raw, mediaType);
}

function document(what: string, codes: string, change: (text: string) => string): Attack {
  const prepare = (registry: FakeRegistry): void => tagged(registry, manifestOf(registry, change));
  return { what, prepare, codes: codes.split(" "), acts: ALL };
}

/** A layer that is something else than its descriptor says. */
function layer(what: string, data: Buffer, ...codes: readonly string[]): Attack {
  const prepare = (registry: FakeRegistry): void => {
    tagged(registry, manifestOf(registry));
    registry.blobs.set(sha256(LAYER), data);
  };
  return { what, prepare, codes, acts: WITH_BLOBS };
}

// ATTACKS 16 and 19.
const ATTACKS: readonly Attack[] = [
  document("a manifest of more than 4 MiB", "REGISTRY_RESPONSE", (text) => text + " ".repeat(4 << 20)),
  document("a manifest that is an index as well", "IMAGE_INVALID", (text) =>
    text.replace("{", '{"manifests":[],'),
  ),
  document("layers twice", "IMAGE_INVALID", (text) => text.replace("{", '{"layers":[],')),
  document("layers in another case", "IMAGE_INVALID", (text) => text.replace("{", '{"Layers":[],')),
  document("schema 1", "IMAGE_INVALID", (text) => text.replace("{", '{"fsLayers":[],')),
  document("a web page", "REGISTRY_RESPONSE", () => "<html>log in</html>"),
  document("a digest that is a path", "IMAGE_INVALID", (text) =>
    text.replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:../../../../etc/passwd"),
  ),
  document("a digest of another kind", "IMAGE_INVALID", (text) =>
    text.replaceAll(/sha256:[0-9a-f]{64}/g, `sha512:${"0".repeat(128)}`),
  ),
  document("a negative size", "IMAGE_INVALID", (text) => text.replaceAll(/"size": \d+/g, '"size": -1')),
  document("a config of a terabyte", "IMAGE_INVALID DIGEST_MISMATCH", (text) =>
    text.replace(/"size": \d+/, `"size": ${2 ** 40}`),
  ),
  {
    what: "an index whose image is another",
    prepare: (registry) => {
      const raw = manifestOf(registry);
      const image = { ...described(MEDIA_TYPES.ociManifest, raw), platform: hostPlatform() };
      tagged(registry, buildIndex({ format: "oci", manifests: [image] }), MEDIA_TYPES.ociIndex);
      const other = Buffer.from(`${raw.toString()} `);
      registry.manifests.set(`app ${image.digest}`, { raw: other, mediaType: MEDIA_TYPES.ociManifest });
    },
    codes: ["DIGEST_MISMATCH"],
    acts: ALL,
  },
  {
    what: "a config with other bytes",
    prepare: (registry) => {
      tagged(registry, manifestOf(registry));
      registry.blobs.set(sha256(CONFIG), Buffer.from(CONFIG.toString().replace("2024", "2025")));
    },
    codes: ["DIGEST_MISMATCH"],
    acts: ALL,
  },
  layer("a layer with other bytes of the same length", Buffer.alloc(LAYER.length, 7), "DIGEST_MISMATCH"),
  layer("a layer that is longer", Buffer.concat([LAYER, LAYER]), "DIGEST_MISMATCH", "REGISTRY_RESPONSE"),
  layer("a layer that is cut off", LAYER.subarray(0, -10), "DIGEST_MISMATCH", "NETWORK", "REGISTRY_RESPONSE"),
  {
    what: "a layer with other content than its config says",
    prepare: (registry) => {
      registry.addBlob(OTHER);
      const text = manifestOf(registry).toString();
      const other = described(MEDIA_TYPES.ociLayerGzip, OTHER);
      const swapped = text
        .replace(sha256(LAYER), other.digest)
        .replace(`"size": ${LAYER.length}`, `"size": ${other.size}`);
      tagged(registry, Buffer.from(swapped));
    },
    codes: ["DIGEST_MISMATCH"],
    acts: WITH_CONTENT,
  },
];

async function openBench(): Promise<Bench & AsyncDisposable> {
  const [registry, target] = [await FakeRegistry.start(), await FakeRegistry.start()];
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
  const user = { auth: Buffer.from(USER).toString("base64") };
  const env = {
    TSBUILD_ROOT: join(folder, "store"),
    HOME: folder,
    DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [registry.host]: user } }),
  };
  const options = { env, ...WATCHED, stdout: () => new PassThrough() };
  const tsbuild = await openTsbuild(options);
  return {
    options,
    name: `${registry.host}/app:1`,
    registry,
    target,
    tsbuild,
    path: (name) => join(folder, name),
    async [Symbol.asyncDispose]() {
      await tsbuild[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
      for (const one of [registry, target]) await one[Symbol.asyncDispose]();
    },
  };
}

/** Nothing of it has a name, in this process and in the next one. */
async function assertNameless(bench: Bench, act: string): Promise<void> {
  assert.deepEqual(await bench.tsbuild.images(), [], act);
  await bench.tsbuild[Symbol.asyncDispose]();
  await using next = await openTsbuild(bench.options);
  assert.deepEqual(await next.images(), [], act);
}

async function act(name: string, bench: Bench): Promise<void> {
  const chosen = ACTS[name];
  assert.ok(chosen);
  await chosen(bench);
}

for (const { what, prepare, codes, acts } of ATTACKS) {
  test(`${what} is refused by ${acts.length === ALL.length ? "all" : acts.join(", ")} (ATTACKS 16, 19)`, async () => {
    for (const name of acts) {
      await using bench = await openBench();
      prepare(bench.registry);
      await assert.rejects(act(name, bench), (error) =>
        error instanceof TsbuildError && codes.includes(error.code)
          ? true
          : assert.fail(`${name}: ${String(error)}`),
      );
      await assertNameless(bench, name);
      assert.equal(bench.target.manifests.size, 0, name);
      for (const path of ["layout/index.json", "archive", "root.tar"])
        assert.ok(!existsSync(bench.path(path)), `${name}: ${path}`);
    }
  });
}

for (const status of [301, 302, 307, 308]) {
  test(`a redirect (${status}) of anything to another port gets no credentials, whoever asks (ATTACKS 18)`, async () => {
    for (const name of ALL) {
      await using bench = await openBench();
      await using abroad = await FakeRegistry.start();
      const { registry, target } = bench;
      for (const one of [registry, abroad]) tagged(one, manifestOf(one));
      registry.guard = { kind: "basic", user: USER };
      registry.arm("GET /v2/app/", (request, response) => {
        // Only who was let in is led elsewhere.
        if (request.headers.authorization === undefined) return registry.challenge(response);
        response.writeHead(status, { location: `http://${abroad.host}${request.url}` }).end();
      });
      const outcome = act(name, bench);
      if (name === "cache import") await assert.rejects(outcome, { code: "UNSUPPORTED" });
      else await outcome;
      assert.ok(abroad.seen.length >= 2, `${name}: ${abroad.lines().join(", ")}`);
      const told = [...abroad.seen, ...target.seen].filter(
        ({ authorization }) => authorization !== undefined,
      );
      assert.deepEqual(told, [], name);
    }
  });
}
