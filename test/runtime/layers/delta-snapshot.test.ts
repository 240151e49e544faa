import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { test } from "node:test";
import * as fc from "fast-check";
import { sha256, type DiffId } from "../../../builder/core/digest.ts";
import type { Tree } from "../../../builder/core/entry.ts";
import type { Layer, RootFs } from "../../../builder/layers/types.ts";
import { unionTree } from "../../../builder/layers/union.ts";
import { snapshotsOf } from "../../../builder/layers/snapshots.ts";
import { openStore } from "../../../builder/store/open.ts";
import { LayerStore } from "../../../runtime/layers/layer-store.ts";
import { listTree, type ListOptions } from "../../support/list-tree.ts";
import { Rig, skip } from "../helper/rig.ts";
import { changesOf, edits, lowerTrees, NEWEST, scripts, trees, type Files } from "./random-files.ts";

async function indexTree(layers: readonly Layer[]): Promise<Tree> {
  const indexes = await Promise.all(layers.map((layer) => layer.index()));
  const tars = await Promise.all(layers.map((layer) => layer.tar()));
  return unionTree(indexes, (number, { offset, entry }) => ({
    kind: "range",
    path: tars[number]?.path ?? "",
    offset: offset ?? 0,
    size: entry.size,
  }));
}

/** All that is seen of a root filesystem. */
async function merged(rig: Rig, rootfs: RootFs, options: ListOptions = {}): Promise<string[]> {
  const copy = mkdtempSync(rig.path("merged"));
  await rig.helper.copy({ kind: "layers", lowers: await snapshotsOf(rootfs) }, `${copy}/all`);
  const lines = listTree(`${copy}/all`, options);
  rmSync(copy, { recursive: true });
  return lines;
}

/** The layer of a step that does this; the shell that it needs lies below. */
async function runIn(rig: Rig, layers: LayerStore, rootfs: RootFs, script: string): Promise<Layer> {
  const root = rig.overlay([rig.base, ...(await snapshotsOf(rootfs))]);
  await rig.run(script, { root });
  return layers.adopt(root.upper, rootfs, { epoch: NEWEST });
}

test("snapshots made upon earlier ones are as good as those made in full", { skip }, async () => {
  await using rig = await Rig.start();
  const made = { upon: 0, hiding: 0, whole: 0 };
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      lowerTrees,
      trees,
      edits,
      lowerTrees,
      scripts,
      async (lowest, first, later, above, script) => {
        const root = rig.path(`store${count++}`);
        const [full, delta] = ["full", "delta"].map(
          (name) =>
            new LayerStore(openStore({ root: `${root}/${name}`, env: {} }), () =>
              Promise.resolve(rig.helper),
            ),
        );
        assert.ok(full !== undefined && delta !== undefined);
        const base = await full.seal(changesOf(lowest, unionTree([], never)), {});
        // The same layer may stand in another image.
        const elsewhere = await full.seal(changesOf(above, unionTree([], never)), {});
        const tree = await indexTree([base]);
        /** Layers that had to be made in full for the other image. */
        const whole = new Set<DiffId>();
        const files = new Map(Object.entries(first));
        for (const edit of [[], ...later]) {
          for (const [path, spot] of edit) files.set(path, spot);
          const changes = changesOf(Object.fromEntries(files), tree);
          const plain = await full.seal(changes, {});
          const quick: Layer = await delta.seal(changes, { kin: sha256("kin") });
          const id: DiffId = await quick.diffId();
          assert.equal(await plain.diffId(), id);
          assert.deepEqual(await merged(rig, [base, quick]), await merged(rig, [base, plain]));
          const record = delta.store.layers.get(id);
          if (record?.on !== undefined) made.upon++;
          if ((record?.hides ?? []).length > 0) made.hiding++;

          // The layer of a step after it is the same, and what is seen through it.
          const stepOverPlain = await runIn(rig, full, [base, plain], script);
          const stepOverQuick = await runIn(rig, delta, [base, quick], script);
          assert.equal(await stepOverQuick.diffId(), await stepOverPlain.diffId());
          assert.deepEqual(
            await merged(rig, [base, quick, stepOverQuick], { timeless }),
            await merged(rig, [base, plain, stepOverPlain], { timeless }),
          );

          // A store that is opened again finds the same directories, and knows what they are good for.
          const again = new LayerStore(delta.store, () => Promise.resolve(rig.helper)).open(id);
          assert.ok(again !== undefined);
          if (!whole.has(id)) assert.deepEqual(await again.snapshot([base]), await quick.snapshot([base]));
          // What deletes there what is not there is no layer of that image (overlayfs lists such whiteouts).
          if (changes.every(({ kind }) => kind === "entry"))
            assert.deepEqual(await merged(rig, [elsewhere, again]), await merged(rig, [elsewhere, plain]));
          if (record?.on !== undefined && delta.store.layers.get(id)?.on === undefined) whole.add(id);
        }
        made.whole += whole.size;
        await Promise.all([full.settle(), delta.settle()]);
        await rig.helper.remove([root]);
      },
    ),
    { numRuns: 40 },
  );
  const words = JSON.stringify(made);
  assert.ok(made.upon > 10 && made.hiding > 0, `too few were made upon others: ${words}`);
});

test("a snapshot is made in full where it would hide what lies below", { skip }, async () => {
  await using rig = await Rig.start();
  const layers = new LayerStore(openStore({ root: rig.path("store"), env: {} }), () =>
    Promise.resolve(rig.helper),
  );
  const file = { kind: "file", text: "one", mode: 0o644 } as const;
  const seal = (files: Files): Promise<Layer> =>
    layers.seal(changesOf(files, unionTree([], never)), { kin: sha256("kin") });
  const below = await layers.seal(changesOf({ b: file }, unionTree([], never)), {});
  await (await seal({ a: file, b: file })).snapshot([]);
  const without = await seal({ a: file });
  const parts = await without.snapshot([]);
  assert.equal(parts.length, 2);
  assert.deepEqual(layers.store.layers.get(await without.diffId())?.hides, ["b"]);
  assert.equal((await without.snapshot([below])).length, 1);
  assert.deepEqual(
    (await merged(rig, [below, without])).map((line) => line.split(" ")[0]),
    ["a", "b"],
  );
  // Who has the parts already may go on with them; nobody else needs them.
  assert.deepEqual(await without.snapshot([]), parts);
  assert.equal(layers.store.layers.get(await without.diffId())?.on, undefined);
});

const timeless = (): boolean => true;

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
      heights.push((await (await build(`text ${time}`)).snapshot([])).length);
    assert.deepEqual(heights, [1, 2, 3, 4, 5, 6, 7, 8, 1, 2]);

    const last = await (await build("text 9")).diffId();
    const [bottom = "", top = ""] = (await layers.open(last)?.snapshot([])) ?? [];
    assert.notEqual(top, "");
    await rig.helper.remove([bottom]);
    const again = new LayerStore(layers.store, () => Promise.resolve(rig.helper));
    const made = await again.open(last)?.snapshot([]);
    assert.equal(made?.length, 1);
    assert.equal(layers.store.layers.get(last)?.on, undefined);
  },
);
