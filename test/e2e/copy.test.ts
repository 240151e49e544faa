import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { hexOf, sha256, type DiffId } from "../../builder/core/digest.ts";
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

test("copy says what is wrong with its places", async () => {
  await using rig = openRig();
  const table: readonly (readonly [from: string, to: string, status: number, message: RegExp])[] = [
    ["oci:none", "store:x", 1, /Cannot read OCI layout "none": it has no "index.json"/],
    ["oci-archive:none", "store:x", 1, /Cannot read archive "none": there is no such file/],
    ["store:none", "oci:x", 1, /Cannot find image "none"/],
    ["dir:x", "store:x", 1, /tsbuild copies from and to docker:\/\//],
    ["oci:", "store:x", 2, /the path is missing/],
  ];
  for (const [from, to, status, message] of table) {
    const outcome = await rig.tsbuild(["copy", from, to]);
    assert.match(outcome.stderr, message);
    assert.equal(outcome.status, status, outcome.stderr);
  }
});
