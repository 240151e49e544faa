import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { hexOf, sha256, type DiffId, type Digest } from "../../builder/core/digest.ts";
import { hostPlatform } from "../../builder/core/platform.ts";
import { buildConfig } from "../../builder/image/build.ts";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { openRig, type Rig } from "../support/rig.ts";
import { END, forge } from "../layers/tar-forge.ts";

const missing = withoutDockerRegistry();
const skip = missing === undefined ? {} : { skip: missing };

const TYPES = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  plain: "application/vnd.oci.image.layer.v1.tar",
};

/** A repository as somebody else's tool filled it: spaces, fields and orders that ours would not write. */
async function fill(host: string): Promise<{ readonly index: Buffer; readonly manifest: Buffer }> {
  const tar = Buffer.concat([forge({ name: "file", data: "content" }), END]);
  const other = Buffer.concat([forge({ name: "other", data: "more" }), END]);
  const manifests: { raw: Buffer; platform: object; annotations?: object }[] = [];
  const upload = async (data: Buffer): Promise<object> => {
    const begun = await fetch(`http://${host}/v2/theirs/blobs/uploads/`, { method: "POST" });
    const place = new URL(begun.headers.get("location") ?? "");
    place.searchParams.set("digest", sha256(data));
    const put = await fetch(place, {
      method: "PUT",
      body: data,
      headers: { "content-type": "application/octet-stream" },
    });
    assert.equal(put.status, 201);
    return { digest: sha256(data), size: data.length };
  };
  const put = async (name: string, mediaType: string, raw: Buffer): Promise<void> => {
    const url = `http://${host}/v2/theirs/manifests/${name}`;
    const answer = await fetch(url, { method: "PUT", body: raw, headers: { "content-type": mediaType } });
    assert.equal(answer.status, 201, await answer.text());
  };
  const layer = {
    mediaType: TYPES.layer,
    ...(await upload(gzipSync(tar, { level: 1 }))),
    "org.example": [1],
  };
  const plain = { mediaType: TYPES.plain, ...(await upload(other)) };
  for (const platform of [hostPlatform(), { os: "linux", architecture: "s390x" }]) {
    const config = buildConfig({
      platform,
      created: "2024-01-01T00:00:00Z",
      config: {},
      diffIds: [sha256(tar) as DiffId, sha256(other) as DiffId],
      history: [],
    });
    const raw = Buffer.from(
      `{ "x-unknown" : {"b":1, "a": 1.50},\n\t${JSON.stringify({
        layers: [layer, plain],
        config: { ...(await upload(config)), mediaType: TYPES.config },
        schemaVersion: 2,
        mediaType: TYPES.manifest,
      }).slice(1)}\n\n`,
    );
    await put(sha256(raw), TYPES.manifest, raw);
    manifests.push({ raw, platform });
  }
  const index = Buffer.from(
    `${JSON.stringify({
      mediaType: TYPES.index,
      "x-unknown": true,
      manifests: manifests.map(({ raw, platform }) => ({
        platform,
        size: raw.length,
        digest: sha256(raw),
        mediaType: TYPES.manifest,
        "x-more": null,
      })),
      schemaVersion: 2,
    })} `,
  );
  await put("1", TYPES.index, index);
  return { index, manifest: manifests[0]?.raw ?? Buffer.alloc(0) };
}

async function tsbuild(rig: Rig, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await rig.tsbuild(args);
  assert.equal(status, 0, stderr);
  return stdout;
}

test("images that pass through keep every byte", skip, async () => {
  await using registry = await startDockerRegistry();
  const { host } = registry;
  await using rig = openRig();
  const { index, manifest } = await fill(host);
  const raw = async (name: string): Promise<string> => tsbuild(rig, "manifest", "--raw", name);

  const digest = await tsbuild(rig, "copy", "-q", "--all", `${host}/theirs:1`, `${host}/ours:all`);
  assert.equal(digest.trim(), sha256(index));
  assert.equal(await raw(`${host}/ours:all`), index.toString());

  await tsbuild(rig, "copy", "-q", `${host}/theirs:1`, `docker://${host}/ours:one`);
  assert.equal(await raw(`${host}/ours:one`), manifest.toString());

  await tsbuild(rig, "pull", "-q", `${host}/theirs:1`);
  await tsbuild(rig, "tag", `${host}/theirs:1`, `${host}/ours:pushed`);
  await tsbuild(rig, "push", "-q", `${host}/ours:pushed`);
  assert.equal(await raw(`${host}/ours:pushed`), manifest.toString());

  await tsbuild(rig, "tag", `${host}/theirs:1`, `${host}/here:1`);
  const elsewhere = await rig.tsbuild(["copy", `${host}/here:1`, `oci:${rig.path("none")}`]);
  assert.match(elsewhere.stderr, /hint: the store has an image of this name: store:.*\/here:1\n/);

  await tsbuild(rig, "copy", "-q", "--all", `${host}/theirs:1`, `oci:${rig.path("layout")}:all`);
  await tsbuild(
    rig,
    "copy",
    "-q",
    "--all",
    `oci:${rig.path("layout")}:all`,
    `oci-archive:${rig.path("all.tar")}:x`,
  );
  await tsbuild(rig, "copy", "-q", "--all", `oci-archive:${rig.path("all.tar")}`, "store:all");
  await tsbuild(rig, "save", "--format", "oci", "-o", rig.path("saved.tar"), "all");
  const name = `blobs/sha256/${hexOf(sha256(index))}`;
  assert.ok(readFileSync(rig.path("layout", name)).equals(index));
  for (const archive of ["all.tar", "saved.tar"])
    assert.ok(execFileSync("tar", ["-xOf", rig.path(archive), name]).equals(index), archive);

  const context = rig.context({ Dockerfile: `FROM ${host}/theirs:1\nCOPY Dockerfile /\n` });
  const output = `type=image,name=${host}/ours,push-by-digest=true,name-canonical=true,push=true,store=false`;
  await tsbuild(rig, "build", "-q", "--metadata-file", rig.path("metadata"), "-o", output, context);
  const metadata = JSON.parse(readFileSync(rig.path("metadata"), "utf8")) as Record<string, string>;
  const built = JSON.parse(await raw(`${host}/ours@${metadata["containerimage.digest"]}`)) as {
    layers: { digest: string; mediaType: string }[];
  };
  const first = (JSON.parse(manifest.toString()) as typeof built).layers[0];
  assert.equal(built.layers[0]?.digest, first?.digest, "the base image's layer goes as it came");
  assert.match(built.layers.at(-1)?.mediaType ?? "", /gzip$/);

  await tsbuild(rig, "build", "-q", "-t", `${host}/ours:stored`, context);
  await tsbuild(rig, "push", "-q", `${host}/ours:stored`);
  const pushed = JSON.parse(await raw(`${host}/ours:stored`)) as typeof built;
  assert.match(pushed.layers.at(-1)?.mediaType ?? "", /gzip$/, "our own layers leave compressed");
  const tags = (await (await fetch(`http://${host}/v2/ours/tags/list`)).json()) as { tags: string[] };
  assert.deepEqual(tags.tags.sort(), ["all", "one", "pushed", "stored"]);
});

/** What skopeo says of a place, byte for byte. */
function skopeoRaw(place: string): string {
  return execFileSync("skopeo", ["inspect", "--raw", "--tls-verify=false", place], { encoding: "utf8" });
}

interface Document {
  readonly mediaType: string;
  readonly manifests?: readonly { readonly digest: Digest; readonly mediaType: string }[];
  readonly layers?: readonly { readonly digest: Digest; readonly mediaType: string }[];
  readonly config?: { readonly digest: Digest; readonly mediaType: string };
  readonly "x-unknown"?: unknown;
}

function parse(raw: Buffer | string): Document {
  return JSON.parse(raw.toString()) as Document;
}

test("copy converts, and other tools read what comes of it", skip, async () => {
  await using registry = await startDockerRegistry();
  const { host } = registry;
  await using rig = openRig();
  const { index, manifest } = await fill(host);
  const blob = (digest: Digest): Buffer => readFileSync(rig.path("zstd/blobs/sha256", hexOf(digest)));
  const from = `${host}/theirs:1`;
  const copy = async (...args: string[]): Promise<string> =>
    (await tsbuild(rig, "copy", "-q", ...args)).trim();

  const digest = await copy("--all", "--compression", "zstd", from, `oci:${rig.path("zstd")}:x`);
  const zstd = parse(skopeoRaw(`oci:${rig.path("zstd")}:x`));
  assert.equal(sha256(blob(digest as Digest)), digest);
  assert.equal(zstd["x-unknown"], true, "what nobody knows stays");
  assert.equal(zstd.manifests?.length, 2);
  const one = parse(blob(zstd.manifests[0]?.digest as Digest));
  assert.deepEqual(one["x-unknown"], { a: 1.5, b: 1 });
  assert.equal(one.config?.digest, parse(manifest).config?.digest);
  assert.deepEqual(
    one.layers?.map(({ mediaType }) => mediaType.split("+")[1]),
    ["zstd", "zstd"],
  );

  // Back by way of docker's format, where zstd has no name.
  await copy("--all", "--format", "docker", `oci:${rig.path("zstd")}:x`, `${host}/theirs:docker`);
  const docker = parse(skopeoRaw(`docker://${host}/theirs:docker`));
  assert.match(docker.mediaType, /docker.*manifest\.list/);
  const inner = parse(skopeoRaw(`docker://${host}/theirs@${docker.manifests?.[1]?.digest}`));
  assert.match(inner.config?.mediaType ?? "", /docker\.container\.image\.v1/);
  assert.deepEqual(
    [...new Set(inner.layers?.map(({ mediaType }) => mediaType))],
    ["application/vnd.docker.image.rootfs.diff.tar.gzip"],
  );
  // skopeo unpacks each layer, and compares it with what the config says.
  const decompressed = ["copy", "-q", "--all", "--src-tls-verify=false", "--dest-decompress"];
  execFileSync("skopeo", [...decompressed, `docker://${host}/theirs:docker`, `dir:${rig.path("dir")}`]);
  await copy("--all", `dir:${rig.path("dir")}`, "store:all");
  const plain = await copy("--compression", "uncompressed", from, `docker-archive:${rig.path("x.tar")}:x`);
  execFileSync("skopeo", ["inspect", `docker-archive:${rig.path("x.tar")}`]);
  assert.equal(await copy("--compression=uncompressed", `docker://${from}`, "store:plain"), plain);

  // dir: of skopeo and ours are one, and a copy without conversion keeps every byte.
  const ours = `dir:${rig.path("ours")}`;
  assert.equal(await copy(from, ours), sha256(manifest));
  const platforms = (zstd.manifests as readonly { readonly platform?: { architecture: string } }[]).map(
    ({ platform }) => `linux/${platform?.architecture}`,
  );
  assert.equal(await copy("--platform", platforms.join(","), from, ours), sha256(index));
  execFileSync("skopeo", ["copy", "-q", "--all", ours, `dir:${rig.path("theirs")}`]);
  assert.deepEqual(readdirSync(rig.path("theirs")).sort(), readdirSync(rig.path("ours")).sort());
  assert.equal(await copy("--all", `dir:${rig.path("theirs")}`, `oci:${rig.path("again")}`), sha256(index));
});

test("copy says what is wrong with its places", async () => {
  await using rig = openRig();
  const table: readonly (readonly [from: string, to: string, status: number, message: RegExp])[] = [
    ["oci:none", "store:x", 1, /Cannot read OCI layout "none": it has no "index.json"/],
    ["oci-archive:none", "store:x", 1, /Cannot read archive "none": there is no such file/],
    ["store:none", "oci:x", 1, /Cannot find image "none"/],
    ["sif:x", "store:x", 1, /tsbuild copies from and to docker:\/\//],
    ["oci:", "store:x", 2, /the path is missing/],
    ["dir:none", "store:x", 1, /Cannot read image directory "none": it has no "manifest\.json"/],
    ["store:x", "docker-archive:x --all", 2, /Cannot copy several platforms to a docker archive/],
    ["store:x", "store:y --format v1", 2, /--format v1 is none of oci, docker/],
    ["store:x", "store:y --compression-level 3", 2, /there is a --compression-level and no --compression/],
    ["store:x", "store:y --compression gzip --compression-level 30", 2, /no level of gzip/],
    ["store:app", "store:y --compression zstd --format docker", 2, /docker's format has no name for it/],
    ["store:app", "dir:.", 2, /Cannot write the image directory "\.": there are other files in it/],
    [
      "store:app",
      "store:y --platform linux/amd64,linux/s390x",
      1,
      /Cannot find image "app" for linux\/amd64, linux\/s390x: the store has it for one platform alone/,
    ],
  ];
  const context = rig.context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
  await tsbuild(rig, "build", "-q", "-t", "app", context);
  for (const [from, to, status, message] of table) {
    const outcome = await rig.tsbuild(["copy", from, ...to.split(" ")]);
    assert.match(outcome.stderr, message);
    assert.equal(outcome.status, status, outcome.stderr);
  }
});
