import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCache, serializeCache, type CacheDocument } from "../../builder/cache/document.ts";
import { cacheKey } from "../../builder/cache/key.ts";
import { isMountName, parseBundle } from "../../builder/cache/bundle-document.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";

const base = sha256("base") as DiffId;
const layer = sha256("layer") as DiffId;
const inputs = { by: "definition", op: { command: ["true"] }, inputs: ["x"] };
const blob = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: sha256("blob"), size: 4 };
const DOCUMENT: CacheDocument = {
  layers: [{ diffId: base }, { diffId: layer, blob }],
  records: [
    {
      key: cacheKey(inputs),
      inputs,
      layers: [base, layer],
      created: 7,
      aliases: [cacheKey("other")],
      used: 9,
    },
  ],
};

test("a cache document comes back as it was", () => {
  assert.deepEqual(parseCache(serializeCache(DOCUMENT), "it"), DOCUMENT);
});

test("a record is found by what it says that it was made from, whatever key it names", () => {
  const value = JSON.parse(serializeCache(DOCUMENT).toString()) as { records: Record<string, unknown>[] };
  for (const record of value.records) record["key"] = cacheKey("somebody else's");
  const [record] = parseCache(Buffer.from(JSON.stringify(value)), "it").records;
  assert.equal(record?.key, cacheKey(inputs));
});

test("a cache document that is not one is an error", () => {
  const good = JSON.parse(serializeCache(DOCUMENT).toString()) as object;
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const record = { inputs: 1, layers: [0], created: 1 };
  const table: readonly unknown[] = [
    null,
    [],
    {},
    { ...good, format: 2 },
    { ...good, keys: "tsbuild cache key, format 0" },
    { ...good, layers: {} },
    { ...good, layers: [{ diffId: "sha256:../../etc" }] },
    { ...good, layers: [{ diffId: base, blob: { ...blob, size: -1 } }] },
    { ...good, layers: [{ diffId: base, blob: { ...blob, size: 2 ** 60 } }] },
    { ...good, layers: [{ diffId: base, blob: { ...blob, mediaType: "text/html" } }] },
    { ...good, records: [{ ...record, layers: [2] }] },
    { ...good, records: [{ ...record, layers: [-1] }] },
    { ...good, records: [{ ...record, layers: ["0"] }] },
    { ...good, records: [{ ...record, layers: Array.from({ length: 1001 }, () => 0) }] },
    { ...good, records: [{ ...record, created: "now" }] },
    { ...good, records: [{ ...record, aliases: ["x"] }] },
    { ...good, records: [{ ...record, inputs: deep(65) }] },
    { ...good, records: Array.from({ length: 20_001 }, () => record) },
  ];
  for (const value of table) {
    const raw = Buffer.from(JSON.stringify(value));
    assert.throws(() => parseCache(raw, "it"), TsbuildError, raw.toString().slice(0, 200));
  }
  assert.throws(() => parseCache(Buffer.from("{"), "it"), TsbuildError);
  assert.throws(() => parseCache(Buffer.alloc((32 << 20) + 1, " "), "it"), TsbuildError);
});

test("a cache mount of a bundle has a name that the store gives", () => {
  const id = "a".repeat(64);
  assert.ok(isMountName(id, "0") && isMountName(id, "12"));
  for (const [name, slot] of [
    ["../x", "0"],
    [id, ".."],
    [id, "00"],
    [id, "0/data"],
    [`${id}\n`, "0"],
    [id.toUpperCase(), "0"],
  ] as const) {
    assert.ok(!isMountName(name, slot), `${name} ${slot}`);
    const bundle = {
      ...(JSON.parse(serializeCache(DOCUMENT).toString()) as object),
      mounts: [{ id: name, slot, used: 1, parts: [] }],
    };
    assert.throws(() => parseBundle(Buffer.from(JSON.stringify(bundle)), "it"), TsbuildError);
  }
});
