import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { fetchLayer } from "../../builder/cache/fetch-layer.ts";
import type { Offer } from "../../builder/cache/imports.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";
import { openStore } from "../../builder/store/open.ts";
import type { Store } from "../../builder/store/types.ts";

const CONTENT = Buffer.alloc(3 << 20, "content");
const LAYER = sha256(CONTENT) as DiffId;
const PACKED = gzipSync(CONTENT, { level: 0 });
const signal = new AbortController().signal;

function tempStore(): { readonly store: Store } & Disposable {
  const root = mkdtempSync(join(tmpdir(), "tsbuild-"));
  const store = openStore({ root, env: {} });
  return { store, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

/** A blob that is said to be the layer; what comes of it may be something else. */
function offered(blob: Buffer, open: () => AsyncIterable<Uint8Array>): Offer {
  const descriptor = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: sha256(blob), size: blob.length };
  return { source: { label: "CACHE", load: () => assert.fail("load() is asked"), open }, blob: descriptor };
}

async function* pieces(data: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += 1 << 16) yield Buffer.from(data.subarray(at, at + (1 << 16)));
}

test("fetchLayer() lets others read what has come so far", async () => {
  using temp = tempStore();
  let arriving: AsyncIterable<Uint8Array> | undefined;
  const offer = offered(PACKED, async function* () {
    yield Buffer.from(PACKED.subarray(0, 2 << 20));
    assert.ok(arriving);
    for await (const first of arriving) {
      assert.ok(first.every((byte, at) => byte === PACKED[at]));
      break;
    }
    yield Buffer.from(PACKED.subarray(2 << 20));
  });
  const onArrival = (bytes: AsyncIterable<Uint8Array>): void => void (arriving = bytes);
  await fetchLayer(temp.store, LAYER, offer, { signal, progress: () => undefined, onArrival });
  assert.ok(temp.store.blobs.read(sha256(PACKED)).equals(PACKED));
  assert.deepEqual(
    temp.store.layers.get(LAYER)?.compressed.map(({ digest }) => digest),
    [sha256(PACKED)],
  );
});

for (const [what, blob, sent, message] of [
  ["its content is another", gzipSync("another"), gzipSync("another"), /its content is another/],
  ["the same content came in other bytes", PACKED, gzipSync(CONTENT, { level: 1 }), /it has other bytes/],
  ["it goes on", PACKED, Buffer.concat([PACKED, PACKED]), /it is longer/],
  ["it ends early", PACKED, PACKED.subarray(0, -9), /damaged/],
] as const) {
  test(`fetchLayer() keeps nothing of a layer when ${what}`, async () => {
    using temp = tempStore();
    const { store } = temp;
    const fetching = { signal, progress: () => undefined, onArrival: () => undefined };
    const offer = offered(blob, () => pieces(sent));
    await assert.rejects(fetchLayer(store, LAYER, offer, fetching), { message });
    assert.equal(store.layers.get(LAYER), undefined);
    assert.equal(store.blobs.has(offer.blob.digest), false);
  });
}
