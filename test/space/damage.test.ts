import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openCache } from "../../builder/cache/local.ts";
import type { CacheKey } from "../../builder/cache/types.ts";
import { hexOf, sha256, type DiffId } from "../../builder/core/digest.ts";
import { serializeIndex } from "../../builder/layers/index-file.ts";
import { findProblems, type CompareSnapshot } from "../../builder/space/check.ts";
import { repairStore } from "../../builder/space/repair.ts";
import type { Store } from "../../builder/store/types.ts";
import { entryOf } from "../layers/helpers.ts";
import { scratchStore } from "../store/scratch.ts";

const SIGNAL = new AbortController().signal;
const DATA = Buffer.from("the bytes of a layer");
const KEY = sha256("key") as CacheKey;
const ALIAS = sha256("alias") as CacheKey;
const NAME = "docker.io/library/app:latest";

interface Filled {
  readonly store: Store;
  readonly layer: DiffId;
  /** Where a file of the store lies. */
  file(folder: string, name?: string): string;
}

/** A layer with all its faces, the record of a step under two keys, and an image's name. */
function fill(store: Store): Filled {
  const layer = store.blobs.put(DATA) as DiffId;
  const index = { changes: [{ kind: "entry", entry: entryOf("a") }] } as const;
  store.writeFile(store.path("indexes", hexOf(layer)), serializeIndex(index));
  mkdirSync(store.path("snapshots", "snap"));
  store.layers.update(layer, { size: DATA.length, snapshot: "snap" });
  const cache = openCache(store);
  cache.put({ key: KEY, inputs: "RUN make", layers: [layer], created: 1 });
  cache.alias(ALIAS, KEY);
  const config = store.blobs.put(
    Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'),
  );
  const document = {
    schemaVersion: 2,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config, size: 78 },
    layers: [],
  };
  const manifest = store.blobs.put(Buffer.from(JSON.stringify(document)));
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  store.refs.set(NAME, { mediaType, digest: manifest, size: 1, time: 1, origin: "built" });
  return { store, layer, file: (folder, name = hexOf(layer)) => join(store.root, folder, name) };
}

const whole: CompareSnapshot = async () => undefined;
const differs: CompareSnapshot = async () => '"a" is missing';
const remove = async (paths: readonly string[]): Promise<void> => {
  for (const path of paths) rmSync(path, { recursive: true, force: true });
};

function problemsOf({ store }: Filled, compare = whole): Promise<string[]> {
  return findProblems(store, compare).then((problems) =>
    problems.map(({ kind, problem }) => `${kind}: ${problem.replace(/sha256:\w+/, "…")}`),
  );
}

function manifestOf({ store }: Filled): string {
  return hexOf(store.refs.get(NAME)?.digest ?? assert.fail());
}

/** What is done to a store, what is said of it, and whether the step is known when it was repaired, and the image. */
const DAMAGES: readonly {
  readonly what: string;
  readonly harm: (filled: Filled) => void;
  readonly said: readonly string[];
  readonly hit: boolean;
  readonly image?: boolean;
}[] = [
  { what: "nothing", harm: () => {}, said: [], hit: true },
  {
    what: "a blob with other bytes",
    harm: ({ file }) => writeFileSync(file("blobs/sha256"), "other bytes, as many"),
    said: ["blob: its bytes have digest …"],
    hit: false,
  },
  {
    what: "a blob that is gone, and a snapshot that is not",
    harm: ({ file }) => rmSync(file("blobs/sha256")),
    said: ["snapshot: the blob of its layer is not there"],
    hit: false,
  },
  {
    what: "a snapshot that is gone",
    harm: ({ file }) => rmSync(file("snapshots", "snap"), { recursive: true }),
    said: ["snapshot: it is not there"],
    hit: false,
  },
  {
    what: "a torn index",
    harm: ({ file }) => truncateSync(file("indexes"), 9),
    said: ["index: it is torn, or damaged"],
    hit: true,
  },
  {
    what: "a torn layer record",
    harm: ({ file }) => truncateSync(file("layers"), 9),
    said: ["layer: its record is torn, or damaged"],
    hit: false,
  },
  {
    what: "a layer record with another size",
    harm: ({ store, layer }) => void store.layers.update(layer, { size: 3 }),
    said: ["layer: its record has 3 bytes, its blob 20"],
    hit: false,
  },
  {
    what: "a torn record",
    harm: ({ file }) => truncateSync(file("records", hexOf(KEY)), 80),
    said: ["record: it is torn, or damaged"],
    hit: false,
  },
  {
    what: "a name whose manifest is gone",
    harm: (filled) => rmSync(filled.file("blobs/sha256", manifestOf(filled))),
    said: ["name: its manifest … is not there"],
    hit: true,
    image: false,
  },
  {
    what: "a file of names that is torn",
    harm: ({ store }) => writeFileSync(store.path("refs", "f".repeat(64)), '{"na'),
    said: ["ref: it is torn, or damaged"],
    hit: true,
  },
  {
    what: "a file of another name",
    harm: ({ store }) => writeFileSync(store.path("blobs/sha256", "README"), "not ours"),
    said: [],
    hit: true,
  },
  {
    what: "a link that leads nowhere",
    harm: ({ store }) => symlinkSync("/nowhere", store.path("blobs/sha256", "0".repeat(64))),
    said: [],
    hit: true,
  },
];

for (const { what, harm, said, hit, image = true } of DAMAGES) {
  test(`findProblems() tells of ${what}, and repairStore() leaves a store without problems`, async () => {
    using scratch = scratchStore();
    const filled = fill(scratch.store);
    harm(filled);
    // What another process sees: it has not used anything.
    const store = scratch.reopen();
    assert.deepEqual(await problemsOf({ ...filled, store }), said);
    const { repaired } = await repairStore(store, whole, remove, SIGNAL);
    assert.ok(repaired);
    assert.deepEqual(await problemsOf({ ...filled, store }), []);
    assert.equal(openCache(store).get(ALIAS) !== undefined, hit);
    assert.equal(store.refs.get(NAME) !== undefined, image);
    for (const one of [scratch.store, store]) await one.close();
  });
}

test("repairStore() drops a snapshot that is not as its index says, and what rests on it alone", async () => {
  using scratch = scratchStore();
  const filled = fill(scratch.store);
  const { store } = filled;
  const other = store.blobs.put(Buffer.from("another layer")) as DiffId;
  store.layers.update(other, { size: 13 });
  const untouched = sha256("untouched") as CacheKey;
  openCache(store).put({ key: untouched, inputs: null, layers: [other], created: 1 });
  assert.deepEqual(await problemsOf(filled, differs), ['snapshot: "a" is missing']);
  const { problems, repaired } = await repairStore(store, differs, remove, SIGNAL);
  assert.ok(repaired);
  assert.deepEqual(
    problems.map(({ id, layer }) => [id, layer]),
    [["snap", filled.layer]],
  );
  assert.ok(!existsSync(filled.file("snapshots", "snap")));
  assert.ok(!existsSync(filled.file("records", hexOf(KEY))));
  assert.ok(openCache(store).get(untouched));
  await store.close();
});

test("repairStore() says so where something cannot be dropped", async () => {
  using scratch = scratchStore();
  const filled = fill(scratch.store);
  // A layer that comes back as often as it is dropped.
  const keep = async (): Promise<void> => {
    filled.store.layers.update(filled.layer, { size: DATA.length, snapshot: "snap" });
  };
  const { repaired } = await repairStore(filled.store, differs, keep, SIGNAL);
  assert.equal(repaired, false);
  await filled.store.close();
});

test("repairStore() waits for who removes things, and gives up when it is aborted", async () => {
  using scratch = scratchStore();
  const { store } = fill(scratch.store);
  const other = scratch.reopen();
  using _ = await other.locks.acquire("space");
  await assert.rejects(repairStore(store, whole, remove, AbortSignal.abort(new Error("stopped"))), /stopped/);
  for (const one of [store, other]) await one.close();
});
