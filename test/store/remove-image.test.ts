import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256, type Digest } from "../../builder/core/digest.ts";
import { removeImage } from "../../builder/store/remove-image.ts";
import type { Store } from "../../builder/store/types.ts";
import { scratchStore } from "./scratch.ts";

function put({ blobs }: Store, document: unknown): { digest: Digest; size: number } {
  const bytes = Buffer.from(JSON.stringify(document));
  return { digest: blobs.put(bytes), size: bytes.length };
}

function tag(store: Store, name: string, { digest, size }: { digest: Digest; size: number }): void {
  store.refs.set(name, { mediaType: "x", digest, size, time: 1, origin: "built" });
}

test("removeImage() keeps layers and what another name needs", () => {
  using scratch = scratchStore();
  const { store } = scratch;
  const layer = put(store, "layer");
  const [one, two] = ["amd64", "arm64"].map((architecture) => {
    const config = put(store, { architecture, config: {} });
    return { config, manifest: put(store, { config, layers: [layer] }) };
  });
  assert.ok(one && two);
  const index = put(store, {
    manifests: [one.manifest, two.manifest, { digest: sha256("not here"), size: 1 }],
  });
  tag(store, "both", index);
  tag(store, "one", one.manifest);

  assert.equal(removeImage(store, "none"), false);
  assert.equal(removeImage(store, "both"), true);
  const here = (...blobs: { digest: Digest }[]): boolean[] =>
    blobs.map(({ digest }) => store.blobs.has(digest));
  assert.deepEqual(here(index, two.manifest, two.config), [false, false, false]);
  assert.deepEqual(here(layer, one.manifest, one.config), [true, true, true]);
  assert.equal(removeImage(store, "one"), true);
  assert.deepEqual(here(layer, one.manifest, one.config), [true, false, false]);
});

test("removeImage() takes a name whose manifest is gone, damaged JSON or no manifest", () => {
  using scratch = scratchStore();
  for (const document of [null, 1, [], { manifests: [null, 5, { digest: "../x" }], config: "x" }]) {
    const blob = put(scratch.store, document);
    tag(scratch.store, "odd", blob);
    assert.equal(removeImage(scratch.store, "odd"), true);
    assert.equal(scratch.store.blobs.has(blob.digest), false);
  }
  tag(scratch.store, "gone", { digest: sha256("gone"), size: 4 });
  assert.equal(removeImage(scratch.store, "gone"), true);
});

test("removeImage() puts back what another process names in the same moment", () => {
  using scratch = scratchStore();
  const { store } = scratch;
  const manifest = put(store, { config: put(store, {}) });
  tag(store, "app", manifest);
  const racing: Store = {
    ...store,
    blobs: {
      ...store.blobs,
      delete(digest) {
        tag(store, "again", manifest);
        return store.blobs.delete(digest);
      },
    },
  };
  removeImage(racing, "app");
  assert.equal(store.blobs.read(manifest.digest).length, manifest.size);
});
