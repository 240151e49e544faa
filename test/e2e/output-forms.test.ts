import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatPlatform, hostPlatform } from "../../builder/core/platform.ts";
import { sha256 } from "../../builder/core/digest.ts";
import { decompress } from "../../builder/layers/decompress.ts";
import { collect, piecesOf } from "../layers/helpers.ts";
import { openRig, type Rig } from "../support/rig.ts";

interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Manifest extends Described {
  readonly config: Described;
  readonly layers: readonly Described[];
}

function blob(layout: string, digest: string): Buffer {
  return readFileSync(join(layout, "blobs/sha256", digest.replace("sha256:", "")));
}

/** The manifest of a layout's image, and the digests of its layers' content. */
async function readImage(layout: string, at = 0): Promise<{ manifest: Manifest; types: string[] }> {
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as { manifests: Described[] };
  const manifest = JSON.parse(blob(layout, index.manifests[at]?.digest ?? "").toString()) as Manifest;
  const config = JSON.parse(blob(layout, manifest.config.digest).toString()) as {
    rootfs: { diff_ids: string[] };
  };
  for (const [number, { digest }] of manifest.layers.entries()) {
    const bytes = blob(layout, digest);
    assert.equal(sha256(bytes), digest);
    assert.equal(sha256(await collect(decompress(piecesOf(bytes, 4096)))), config.rootfs.diff_ids[number]);
  }
  return { manifest, types: manifest.layers.map(({ mediaType }) => mediaType.replace(/^.*\.tar/, "tar")) };
}

async function build(
  rig: Rig,
  dockerfile: string,
  outputs: readonly string[],
  ...flags: string[]
): Promise<void> {
  const context = rig.context({ Dockerfile: dockerfile, file: "content\n", more: "more\n" });
  const all = outputs.flatMap((output) => ["-o", output]);
  const { status, stderr } = await rig.tsbuild(["build", "-q", ...all, ...flags, context]);
  assert.equal(status, 0, stderr);
}

test("an output compresses as it is told, and leaves a base's layers alone unless it is forced", async () => {
  await using rig = openRig();
  const layout = (name: string): string => rig.path(name);
  const to = (name: string, more: string): string => `type=oci,tar=false,dest=${layout(name)}${more}`;
  await build(rig, "FROM scratch\nCOPY file /\n", [to("base", ",compression=zstd,name=base:1")]);
  assert.deepEqual((await readImage(layout("base"))).types, ["tar+zstd"]);

  const table: readonly (readonly [more: string, types: readonly string[]])[] = [
    ["", ["tar+zstd", "tar+gzip"]],
    [",compression=zstd,compression-level=19", ["tar+zstd", "tar+zstd"]],
    [",compression=uncompressed", ["tar+zstd", "tar"]],
    [",force-compression=true", ["tar+gzip", "tar+gzip"]],
    [",compression=uncompressed,force-compression=true", ["tar", "tar"]],
    // docker has no word for zstd.
    [",oci-mediatypes=false", ["tar.gzip", "tar.gzip"]],
  ];
  const outputs = table.map(([more], index) => to(`out${index}`, more));
  const base = ["--build-context", `base=oci-layout://${layout("base")}`];
  const annotations = [
    "manifest:a=1",
    `manifest[${formatPlatform(hostPlatform())}]:b=2`,
    "manifest[linux/s390x]:c=3",
  ];
  const flags = annotations.flatMap((annotation) => ["--annotation", annotation]);
  await build(rig, "FROM base\nCOPY more /\n", outputs, ...base, ...flags);
  for (const [index, [more, types]] of table.entries()) {
    const image = await readImage(layout(`out${index}`));
    assert.deepEqual(image.types, types, more);
    assert.deepEqual(image.manifest.annotations, { a: "1", b: "2" });
    assert.match(image.manifest.mediaType, more.includes("oci-mediatypes") ? /docker/ : /oci/);
  }

  // Another name beside the one that is there, and a new image under the old one.
  await build(rig, "FROM base\nCOPY more /\n", [to("base", ",name=other:2")], ...base);
  const file = join(layout("base"), "index.json");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll('"size":', '"x-unknown":{"a":1},"size":'));
  await build(rig, "FROM scratch\nCOPY more /\n", [to("base", ",name=base:1")]);
  const index = JSON.parse(readFileSync(join(layout("base"), "index.json"), "utf8")) as {
    manifests: Described[];
  };
  assert.deepEqual(
    index.manifests.map(({ annotations: notes }) => notes?.["org.opencontainers.image.ref.name"]),
    ["2", "1"],
  );
  assert.deepEqual(
    index.manifests.map((one) => "x-unknown" in one),
    [true, false],
    "what others say of theirs stays",
  );
  assert.equal((await readImage(layout("base"), 0)).types.length, 2);
  assert.equal((await readImage(layout("base"), 1)).types.length, 1);
});

test("outputs go to the store under other names, to cache alone, and to a directory that is emptied", async () => {
  await using rig = openRig();
  const dockerfile = "FROM scratch\nCOPY file /d/file\n";
  await build(rig, dockerfile, ["type=cacheonly"], "-t", "named");
  assert.equal((await rig.tsbuild(["images", "-q"])).stdout, "");

  await build(rig, dockerfile, ["type=image,name=app:1,name-canonical=true,compression=zstd"]);
  await build(rig, "FROM scratch\nCOPY more /\n", ["type=image,dangling-name-prefix=nameless"]);
  const images = JSON.parse((await rig.tsbuild(["images", "--json"])).stdout) as {
    name: string;
    digest: string;
  }[];
  const names = images.map(({ name, digest }) =>
    name.replace(digest, "DIGEST").replace("docker.io/library/", ""),
  );
  assert.deepEqual(names.sort(), ["app:1", "app@DIGEST", "nameless@DIGEST"]);
  const manifest = JSON.parse((await rig.tsbuild(["manifest", "store:app:1"])).stdout) as Manifest;
  assert.match(manifest.layers[0]?.mediaType ?? "", /zstd$/);

  mkdirSync(rig.path("out/d/old"), { recursive: true });
  writeFileSync(rig.path("out/stale"), "");
  writeFileSync(rig.path("elsewhere"), "");
  symlinkSync(rig.directory, rig.path("out/link"));
  const folder = formatPlatform(hostPlatform()).replaceAll("/", "_");
  await build(rig, dockerfile, [
    `type=local,dest=${rig.path("out")},mode=delete`,
    `type=local,dest=${rig.path("split")},platform-split=true`,
  ]);
  assert.deepEqual(readdirSync(rig.path("out"), { recursive: true }).sort(), ["d", "d/file"]);
  assert.ok(existsSync(rig.path("elsewhere")), "a link is removed, not followed");
  assert.deepEqual(readdirSync(rig.path("split")), [folder]);
  const context = rig.context({ Dockerfile: dockerfile });
  const refused = await rig.tsbuild(["build", "-o", `type=local,dest=.,mode=delete`, context]);
  assert.match(refused.stderr, /it would remove the directory that you are in/);
  const alone = await rig.tsbuild(["build", "-t", "x", "--load", rig.context({ Dockerfile: dockerfile })], {
    env: { DOCKER_HOST: `unix://${rig.path("no-socket")}` },
  });
  assert.equal(alone.status, 1);
  assert.match(alone.stderr, /Cannot give the image to docker: /);
});
