import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isCache, select } from "../../builder/space/select.ts";
import type { Thing } from "../../builder/space/thing-list.ts";
import type { Item, ItemKind, PruneRequest } from "../../builder/space/types.ts";

const NOW = 1_000_000;
const NOTHING: PruneRequest = { all: false, mounts: false };

function thing(id: string, facts: Partial<Item> & { readonly weight?: number } = {}): Thing {
  const { weight = 0, ...more } = facts;
  const item: Item = {
    kind: "layer",
    id,
    description: "",
    size: 10,
    created: 0,
    lastUsed: 0,
    keptBy: [],
    inUse: false,
    shared: false,
    ...more,
  };
  return { item, records: [], files: [], folders: [], weight };
}

function ids(things: readonly Thing[], request: Partial<PruneRequest>): string {
  return select(things, { ...NOTHING, ...request }, NOW)
    .map(({ item }) => item.id)
    .join(" ");
}

function sizeOf(things: readonly Thing[]): number {
  return things.reduce((sum, { item }) => sum + item.size, 0);
}

const KINDS: readonly Thing[] = (
  ["layer", "record", "source", "mount", "context", "plan", "orphan"] as const
).map((kind) => thing(kind, { kind }));

const REQUESTS: readonly (readonly [Partial<PruneRequest>, string])[] = [
  [{}, "layer record source orphan"],
  [{ mounts: true }, "layer record source mount orphan"],
  [{ all: true }, "layer record source mount context plan orphan"],
  [{ kinds: ["plan", "mount"] }, "mount plan"],
  [{ ids: ["pl", "lay"] }, "layer plan"],
  [{ ids: ["pl"], kinds: ["layer"] }, ""],
];

for (const [request, expected] of REQUESTS) {
  test(`select() takes "${expected}" for ${JSON.stringify(request)}`, () => {
    assert.equal(ids(KINDS, request), expected);
  });
}

test("select() leaves what images, containers and running builds need, whatever is asked for", () => {
  const things = [
    thing("image", { keptBy: ["image app"] }),
    thing("build", { inUse: true }),
    thing("container", { kind: "container" }),
    thing("document", { kind: "image" }),
  ];
  for (const request of [{ all: true }, { all: true, keepBytes: 0 }, { ids: ["i", "b", "c", "d"] }])
    assert.equal(ids(things, request), "");
});

test("select() goes by the last use, of equals the upper layers first", () => {
  const things = [
    thing("base", { lastUsed: 5, weight: 9 }),
    thing("upper", { lastUsed: 5, weight: 1 }),
    thing("old", { lastUsed: 1, weight: 99 }),
    thing("new", { lastUsed: NOW - 10 }),
  ];
  assert.equal(ids(things, {}), "old upper base new");
  assert.equal(ids(things, { unusedFor: 11 }), "old upper base");
  assert.equal(ids(things, { keepBytes: 20 }), "old upper");
  assert.equal(ids(things, { keepBytes: 25 }), "old upper");
  assert.equal(ids(things, { keepBytes: 40 }), "");
});

test("select() comes to what is to be kept where that can be, and takes nothing too much", () => {
  const some = fc.record({
    kind: fc.constantFrom<ItemKind>("layer", "mount", "image", "context"),
    size: fc.nat(100),
    lastUsed: fc.nat(50),
    inUse: fc.boolean(),
    keptBy: fc.constantFrom([], [], ["image a"]),
  });
  fc.assert(
    fc.property(fc.array(some), fc.nat(1000), (facts, keepBytes) => {
      const things = facts.map((one, index) => thing(String(index), one));
      const taken = select(things, { all: true, mounts: true, keepBytes }, NOW);
      const left = sizeOf(things.filter(isCache)) - sizeOf(taken);
      const free = things.filter((one) => isCache(one) && !one.item.inUse);
      assert.ok(left <= keepBytes || taken.length === free.length);
      // Without the last one it would have been too much.
      const last = taken.at(-1);
      if (last !== undefined) assert.ok(left + last.item.size > keepBytes);
      const kept = free.filter((one) => !taken.includes(one));
      for (const one of taken) for (const other of kept) assert.ok(one.item.lastUsed <= other.item.lastUsed);
    }),
  );
});
