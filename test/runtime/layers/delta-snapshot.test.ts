import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import * as fc from "fast-check";
import { bytesOf, type Bytes } from "../../../builder/core/bytes.ts";
import { sha256, type DiffId } from "../../../builder/core/digest.ts";
import type { Entry } from "../../../builder/core/entry.ts";
import { parentOf } from "../../../builder/core/paths.ts";
import { editTree } from "../../../builder/layers/edit.ts";
import type { Layer, NewChange } from "../../../builder/layers/types.ts";
import { unionTree } from "../../../builder/layers/union.ts";
import { snapshotsOf } from "../../../builder/layers/snapshots.ts";
import { openStore } from "../../../builder/store/open.ts";
import { LayerStore } from "../../../runtime/layers/layer-store.ts";
import { listTree } from "../../support/list-tree.ts";
import { Lines, Rig, skip } from "../helper/rig.ts";

type Spot =
  | { readonly kind: "none" }
  | { readonly kind: "file"; readonly text: string; readonly mode: number }
  | { readonly kind: "directory"; readonly mode: number; readonly mtime: number }
  | { readonly kind: "symlink"; readonly link: string }
  | { readonly kind: "hardlink"; readonly link: string };
type Files = Readonly<Record<string, Spot>>;

const PATHS = ["a", "a/x", "a/y", "b", "b/d", "b/d/z", "b/x", "c"];
const spots: fc.Arbitrary<Spot> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Spot>({ kind: "none" }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("file" as const),
      text: fc.constantFrom("", "one", "two", "longer"),
      mode: fc.constantFrom(0o644, 0o755),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("directory" as const),
      mode: fc.constantFrom(0o755, 0o700),
      mtime: fc.constantFrom(5, 6),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("symlink" as const), link: fc.constantFrom("x", "../c") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("hardlink" as const), link: fc.constantFrom("a/x", "c") }),
  },
);
const trees: fc.Arbitrary<Files> = fc.record(
  Object.fromEntries(PATHS.map((path) => [path, spots])),
) as fc.Arbitrary<Files>;
/** One build after the other: most of them change one or two paths. */
const edits = fc.array(fc.array(fc.tuple(fc.constantFrom(...PATHS), spots), { minLength: 1, maxLength: 2 }), {
  minLength: 1,
  maxLength: 5,
});

/** What a COPY of these files makes over a base; what it could not put there is left out. */
function changesOf(files: Files, base: Parameters<typeof editTree>[0]): readonly NewChange[] {
  const editor = editTree(base);
  for (const [name, spot] of Object.entries(files)) {
    const path = bytesOf(name) as Bytes;
    const there = editor.stat(path);
    const blocked = there !== undefined && (there.type === "directory") !== (spot.kind === "directory");
    if (spot.kind === "none" || blocked || editor.stat(parentOf(path))?.type !== "directory") continue;
    const plain: Entry = { path, type: spot.kind, mode: 0o777, uid: 0, gid: 0, size: 0, mtime: 7 };
    if (spot.kind === "file") {
      const data = Buffer.from(spot.text);
      editor.put({ ...plain, mode: spot.mode, size: data.length }, { kind: "bytes", data });
    } else if (spot.kind === "hardlink") {
      const target = editor.stat(bytesOf(spot.link) as Bytes);
      if (target?.type === "file" && target.path !== path)
        editor.put({ ...target, path, type: "hardlink", size: 0, link: target.path });
    } else editor.put({ ...plain, ...spot } as Entry);
  }
  return editor.changes();
}

async function indexTree(layers: readonly Layer[]): Promise<Parameters<typeof editTree>[0]> {
  const indexes = await Promise.all(layers.map((layer) => layer.index()));
  const tars = await Promise.all(layers.map((layer) => layer.tar()));
  return unionTree(indexes, (number, { offset, entry }) => ({
    kind: "range",
    path: tars[number]?.path ?? "",
    offset: offset ?? 0,
    size: entry.size,
  }));
}

async function merged(rig: Rig, lowers: readonly string[]): Promise<string[]> {
  const copy = rig.path("merged");
  await rig.helper.copy({ kind: "layers", lowers }, copy);
  const lines = listTree(copy);
  rmSync(copy, { recursive: true });
  return lines;
}

test(
  "snapshots made upon earlier ones look as those made in full, over any layers below",
  { skip },
  async () => {
    await using rig = await Rig.start();
    let upon = 0;
    let count = 0;
    await fc.assert(
      fc.asyncProperty(trees, trees, edits, trees, async (lowest, first, later, above) => {
        const root = rig.path(`store${count++}`);
        const stores = ["full", "delta"].map(
          (name) =>
            new LayerStore(openStore({ root: `${root}/${name}`, env: {} }), () =>
              Promise.resolve(rig.helper),
            ),
        );
        const [full, delta]: (LayerStore | undefined)[] = stores;
        assert.ok(full !== undefined && delta !== undefined);
        const options = { signal: AbortSignal.timeout(60_000) };
        const base = await full.seal(changesOf(lowest, unionTree([], never)), options);
        // The same layer may stand in another image.
        const elsewhere = await full.seal(changesOf(above, unionTree([], never)), options);
        const tree = await indexTree([base]);
        const files = new Map(Object.entries(first));
        for (const edit of [[], ...later]) {
          for (const [path, spot] of edit) files.set(path, spot);
          const changes = changesOf(Object.fromEntries(files), tree);
          const plain = await full.seal(changes, options);
          const quick: Layer = await delta.seal(changes, { ...options, kin: sha256("kin") });
          const id: DiffId = await quick.diffId();
          assert.equal(await plain.diffId(), id);
          const inParts = await snapshotsOf([base, quick]);
          const inFull = await snapshotsOf([base, plain]);
          if (delta.store.layers.get(id)?.on !== undefined) upon++;
          assert.deepEqual(await merged(rig, inParts), await merged(rig, inFull));
          assert.deepEqual(
            await merged(rig, await snapshotsOf([elsewhere, quick])),
            await merged(rig, await snapshotsOf([elsewhere, plain])),
          );

          // What a step after it leaves is told apart from what is there alike.
          const step = await full.seal(changesOf(above, await indexTree([base, plain])), options);
          const [upper = ""] = await step.snapshot();
          const lines = [new Lines(), new Lines()] as const;
          await rig.helper.diff({ upper, lowers: inFull }, lines[0]);
          await rig.helper.diff({ upper, lowers: inParts }, lines[1]);
          assert.deepEqual(lines[1].lines, lines[0].lines);
          // A store that is opened again finds the same directories.
          const again = new LayerStore(delta.store, () => Promise.resolve(rig.helper));
          assert.deepEqual(await again.open(id)?.snapshot(), await quick.snapshot());
        }
        await rig.helper.remove([root]);
      }),
      { numRuns: 40 },
    );
    assert.ok(upon > 20, `${upon} snapshots were made upon others`);
  },
);

function never(): never {
  throw new Error("nothing is below");
}

test(
  "a snapshot is made in full where too many lie upon one another, or one of them is gone",
  { skip },
  async () => {
    await using rig = await Rig.start();
    const layers = new LayerStore(openStore({ root: rig.path("store"), env: {} }), () =>
      Promise.resolve(rig.helper),
    );
    const build = async (text: string): Promise<Layer> => {
      const files: Files = {
        a: { kind: "directory", mode: 0o755, mtime: 5 },
        "a/x": { kind: "file", text, mode: 0o644 },
      };
      const changes = changesOf(files, unionTree([], never));
      return layers.seal(changes, { kin: sha256("kin") });
    };
    const heights: number[] = [];
    for (let time = 0; time < 10; time++)
      heights.push((await (await build(`text ${time}`)).snapshot()).length);
    assert.deepEqual(heights, [1, 2, 3, 4, 5, 6, 7, 8, 1, 2]);

    const last = await (await build("text 9")).diffId();
    const [bottom = "", top = ""] = (await layers.open(last)?.snapshot()) ?? [];
    assert.notEqual(top, "");
    await rig.helper.remove([bottom]);
    const again = new LayerStore(layers.store, () => Promise.resolve(rig.helper));
    const made = await again.open(last)?.snapshot();
    assert.equal(made?.length, 1);
    assert.equal(layers.store.layers.get(last)?.on, undefined);
  },
);
