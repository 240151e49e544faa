import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiffId } from "../../builder/core/digest.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";
import type { Layer, LayerBlob } from "../../builder/layers/types.ts";
import { compressedBlob } from "../../builder/outputs/compress.ts";
import type { LayerForm } from "../../builder/outputs/form.ts";
import type { Store } from "../../builder/store/types.ts";
import { scratchStore } from "../store/scratch.ts";

const GZIP: LayerForm = { format: "oci", force: false, compression: "gzip", level: 1 };
const ZSTD: LayerForm = { format: "oci", force: false, compression: "zstd", level: 1 };

const none = (): never => assert.fail("nobody asks");

function layerIn(store: Store): Layer {
  const data = Buffer.alloc(9 << 20, "the bytes of a layer ");
  const digest = store.blobs.put(data);
  const blob: LayerBlob = {
    mediaType: MEDIA_TYPES.ociLayer,
    digest,
    size: data.length,
    path: store.blobs.path(digest),
  };
  return {
    diffId: async () => digest as DiffId,
    index: none,
    blob: async () => blob,
    tar: async () => blob,
    snapshot: none,
  };
}

test("compressedBlob() makes one blob for who asks at once, and takes it when it is there", async () => {
  using scratch = scratchStore();
  const layer = layerIn(scratch.store);
  const [one, other] = await Promise.all([
    compressedBlob(scratch.store, layer, ZSTD, { aside: true }),
    compressedBlob(scratch.store, layer, ZSTD),
  ]);
  assert.equal(one, other);
  assert.equal((await compressedBlob(scratch.store, layer, ZSTD)).digest, one.digest);
  assert.equal(scratch.store.layers.get(await layer.diffId())?.compressed.length, 1);
});

test("compressedBlob() keeps two forms that are made at once", async () => {
  using scratch = scratchStore();
  const layer = layerIn(scratch.store);
  const made = await Promise.all([GZIP, ZSTD].map((form) => compressedBlob(scratch.store, layer, form)));
  const kept = scratch.store.layers.get(await layer.diffId())?.compressed ?? [];
  assert.deepEqual(kept.map(({ digest }) => digest).sort(), made.map(({ digest }) => digest).sort());
});

for (const form of [GZIP, ZSTD]) {
  test(`compressedBlob() to ${form.compression} is stopped for one who asked, and not for the other`, async () => {
    using scratch = scratchStore();
    const layer = layerIn(scratch.store);
    const stop = new AbortController();
    const stopped = compressedBlob(scratch.store, layer, form, { signal: stop.signal });
    const goesOn = compressedBlob(scratch.store, layer, form);
    setImmediate(() => stop.abort(new Error("stopped")));
    await assert.rejects(stopped, /stopped/);
    const { digest } = await goesOn;
    assert.ok(scratch.store.blobs.has(digest));
    await assert.rejects(compressedBlob(scratch.store, layer, form, { signal: stop.signal }), /stopped/);
  });
}
