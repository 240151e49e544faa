import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import type { RefTarget, Store } from "../../builder/store/types.ts";
import { scratchStore } from "./scratch.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

function target(content: string, time = 1): RefTarget {
  return { mediaType: MANIFEST, digest: sha256(content), size: content.length, time, origin: "built" };
}

function indexNames(root: string): string[] {
  const index = JSON.parse(readFileSync(join(root, "index.json"), "utf8"));
  return index.manifests.map(
    (m: { annotations: Record<string, string> }) => m.annotations["org.opencontainers.image.ref.name"],
  );
}

test("set() keeps a name and lists it in the layout's index", () => {
  using scratch = scratchStore();
  const { refs } = scratch.store;
  const name = "docker.io/library/app:latest";
  refs.set(name, target("one"));
  assert.deepEqual(refs.get(name), target("one"));
  assert.deepEqual(scratch.reopen().refs.list(), [{ name, target: target("one") }]);
  assert.deepEqual(JSON.parse(readFileSync(join(scratch.root, "oci-layout"), "utf8")), {
    imageLayoutVersion: "1.0.0",
  });
  assert.deepEqual(JSON.parse(readFileSync(join(scratch.root, "index.json"), "utf8")), {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        mediaType: MANIFEST,
        digest: sha256("one"),
        size: 3,
        annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": "app" },
      },
    ],
  });
});

test("set() writes nothing when the name has that target already", () => {
  using scratch = scratchStore();
  scratch.store.refs.set("docker.io/library/app:latest", target("one", 1));
  const before = statSync(join(scratch.root, "index.json")).ino;
  scratch.reopen().refs.set("docker.io/library/app:latest", target("one", 2));
  assert.equal(statSync(join(scratch.root, "index.json")).ino, before);
  assert.equal(scratch.store.refs.get("docker.io/library/app:latest")?.time, 1);
});

test("index.json has names as people write them", () => {
  const names: Record<string, string> = {
    "docker.io/library/app:1.0": "app:1.0",
    "docker.io/me/app:latest": "me/app",
    "docker.io/library/deep/app:latest": "library/deep/app",
    "ghcr.io/library/app:latest": "ghcr.io/library/app",
    "localhost:5000/app:x": "localhost:5000/app:x",
  };
  using scratch = scratchStore();
  for (const name of Object.keys(names)) scratch.store.refs.set(name, target(name));
  assert.deepEqual(indexNames(scratch.root).sort(), Object.values(names).sort());
});

test("refs take names that are no file names", () => {
  using scratch = scratchStore();
  const names = [
    "..",
    ".",
    "a/../../b",
    `host/${"long/".repeat(60)}x:tag`,
    `host/${"long/".repeat(60)}y:tag`,
    "ü/é:1",
  ];
  for (const name of names) scratch.store.refs.set(name, target(name));
  assert.deepEqual(
    scratch.store.refs.list().map((ref) => ref.name),
    [...names].sort(),
  );
  for (const name of names) assert.deepEqual(scratch.store.refs.get(name), target(name));
  assert.equal(readdirSync(join(scratch.root, "refs")).length, names.length);
});

test("delete() removes a name once", () => {
  using scratch = scratchStore();
  scratch.store.refs.set("docker.io/library/a:latest", target("a"));
  scratch.store.refs.set("docker.io/library/b:latest", target("b"));
  assert.equal(scratch.store.refs.delete("docker.io/library/a:latest"), true);
  assert.equal(scratch.store.refs.delete("docker.io/library/a:latest"), false);
  assert.deepEqual(indexNames(scratch.root), ["b"]);
});

test("a torn ref is no ref, and the next change mends the index", () => {
  using scratch = scratchStore();
  scratch.store.refs.set("docker.io/library/a:latest", target("a"));
  const [file = ""] = readdirSync(join(scratch.root, "refs"));
  writeFileSync(join(scratch.root, "refs", file), '{"name":"docker.io');
  assert.equal(scratch.store.refs.get("docker.io/library/a:latest"), undefined);
  scratch.store.refs.set("docker.io/library/b:latest", target("b"));
  assert.deepEqual(indexNames(scratch.root), ["b"]);
});

test("set() refuses a layout of another version", () => {
  using scratch = scratchStore();
  writeFileSync(join(scratch.root, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
  assert.throws(() => scratch.store.refs.set("docker.io/library/a:latest", target("a")), {
    code: "STORE_INVALID",
  });
});

test("skopeo finds an image in the store by its short name", (t) => {
  if (spawnSync("skopeo", ["--version"]).status !== 0) return t.skip("skopeo is not installed");
  using scratch = scratchStore();
  putImage(scratch.store, "docker.io/library/app:latest", "amd64");
  putImage(scratch.store, "docker.io/library/app:1.0", "arm64");
  for (const [name, architecture] of [
    ["app", "amd64"],
    ["app:1.0", "arm64"],
  ]) {
    const { stdout, stderr } = spawnSync("skopeo", ["inspect", `oci:${scratch.root}:${name}`], {
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    assert.equal(JSON.parse(stdout).Architecture, architecture);
  }
  const copy = join(scratch.root, "copy.tar");
  const copied = spawnSync("skopeo", ["copy", "-q", `oci:${scratch.root}:app`, `oci-archive:${copy}`], {
    encoding: "utf8",
  });
  assert.equal(copied.stderr, "");
  assert.ok(existsSync(copy));
  rmSync(copy);
});

function putImage({ blobs, refs }: Store, name: string, architecture: string): void {
  const layer = Buffer.alloc(1024);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [sha256(layer)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: {
        mediaType: "application/vnd.oci.image.config.v1+json",
        digest: blobs.put(config),
        size: config.length,
      },
      layers: [
        { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: blobs.put(layer), size: layer.length },
      ],
    }),
  );
  refs.set(name, {
    mediaType: MANIFEST,
    digest: blobs.put(manifest),
    size: manifest.length,
    time: 1,
    origin: "built",
  });
}
