import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { openLocalContext } from "../../../builder/context/local.ts";
import type { Bytes } from "../../../builder/core/bytes.ts";
import { sha256, type DiffId } from "../../../builder/core/digest.ts";
import { outlineOf } from "../../../builder/layers/outline-of.ts";
import type { Layer, NewChange } from "../../../builder/layers/types.ts";
import { openStore } from "../../../builder/store/open.ts";
import { LayerStore } from "../../../runtime/layers/layer-store.ts";
import { listTree } from "../../support/list-tree.ts";
import { Rig, skip as noHelper } from "../helper/rig.ts";

const skip = availableParallelism() < 2 ? "there is one processor" : noHelper;
/** Together worth the second thread. */
const FILES = 30;
const SIZE = 1 << 20;
const KIN = sha256("kin");
const EPOCH = 1_700_000_000;

/** A context whose files are sealed, and a store that they are sealed in. */
class Copies {
  readonly rig: Rig;
  readonly layers: LayerStore;
  readonly directory: string;

  constructor(rig: Rig) {
    this.rig = rig;
    this.layers = new LayerStore(openStore({ root: rig.path("store"), env: {} }), () =>
      Promise.resolve(rig.helper),
    );
    this.directory = rig.path("context");
    mkdirSync(this.directory);
    for (let index = 0; index < FILES; index++) this.write(index, `first ${index}`);
  }

  write(index: number, text: string): void {
    writeFileSync(join(this.directory, `f${index}`), text.padEnd(SIZE, "."));
  }

  changes(): NewChange[] {
    const context = openLocalContext({ directory: this.directory });
    return context.list("" as Bytes).flatMap((path): NewChange[] => {
      const entry = context.stat(path);
      context.hash(path);
      return entry === undefined ? [] : [{ kind: "entry", entry, content: context.content(path) }];
    });
  }

  seal(changes: NewChange[], check = (): void => {}): Promise<Layer> {
    return this.layers.sealBeside(changes, { kin: KIN, epoch: EPOCH, check });
  }

  async seen(layer: Layer): Promise<string[]> {
    const copy = this.rig.path("copy");
    await this.rig.helper.copy({ kind: "layers", lowers: await layer.snapshot([]) }, copy);
    const lines = listTree(copy);
    await this.rig.helper.remove([copy]);
    return lines;
  }
}

test("a layer is seen before it is sealed, and is the one that seal() makes", { skip }, async () => {
  await using rig = await Rig.start();
  const copies = new Copies(rig);
  await (await copies.seal(copies.changes())).snapshot([]);
  copies.write(3, "second 3");

  const changes = copies.changes();
  const order: string[] = [];
  const layer = await copies.seal(changes, () => void order.push("sealed"));
  assert.deepEqual(
    (await outlineOf(layer)).changes.map((change) => change.kind === "entry" && change.entry.path),
    changes.map((change) => change.kind === "entry" && change.entry.path),
  );
  const early = await layer.snapshot([]);
  assert.equal(early.length, 2);
  const seen = await copies.seen(layer);
  const diffId: DiffId = await layer.diffId();
  assert.deepEqual(order, ["sealed"]);
  await copies.layers.settle();

  const plain = new LayerStore(openStore({ root: rig.path("other"), env: {} }), () =>
    Promise.resolve(rig.helper),
  );
  const expected = await plain.seal(changes, { epoch: EPOCH });
  assert.equal(diffId, await expected.diffId());
  assert.deepEqual(await layer.index(), await expected.index());
  assert.deepEqual(seen, await copies.seen(expected));
  // The record says so, and the next one lies upon it.
  const again = new LayerStore(copies.layers.store, () => Promise.resolve(rig.helper));
  assert.deepEqual(await again.open(diffId)?.snapshot([]), early);
  assert.equal(again.copies.last(KIN), diffId);
});

test("a layer that is the first of its kind is unpacked while it is written", { skip }, async () => {
  await using rig = await Rig.start();
  const copies = new Copies(rig);
  const changes = copies.changes();
  const layer = await copies.seal(changes);
  const [directory] = await layer.snapshot([]);
  const diffId: DiffId = await layer.diffId();
  await copies.layers.settle();
  const again = new LayerStore(copies.layers.store, () => Promise.resolve(rig.helper));
  assert.deepEqual(await again.open(diffId)?.snapshot([]), [directory]);
  const plain = new LayerStore(openStore({ root: rig.path("other"), env: {} }), () =>
    Promise.resolve(rig.helper),
  );
  const expected = await plain.seal(changes, { epoch: EPOCH });
  assert.equal(diffId, await expected.diffId());
  assert.deepEqual(await copies.seen(layer), await copies.seen(expected));
  // What it was taken from has no second name any more.
  const session = dirname(copies.layers.store.tempPath("x"));
  assert.deepEqual(
    readdirSync(session).filter((name) => /tar|blob|snapshot/.test(name)),
    [],
  );

  for (let index = 0; index < FILES; index++) copies.write(index, `second ${index}`);
  const failing = await copies.seal(copies.changes(), () => assert.fail("it changed"));
  await assert.rejects(failing.snapshot([]), /it changed/);
  assert.deepEqual(
    readdirSync(session).filter((name) => /tar|blob|snapshot/.test(name)),
    [],
  );
});

test("what was seen early of a layer that cannot be sealed is removed", { skip }, async () => {
  await using rig = await Rig.start();
  const copies = new Copies(rig);
  await (await copies.seal(copies.changes())).snapshot([]);
  const last = copies.layers.copies.last(KIN);
  copies.write(3, "second 3");
  const layer = await copies.seal(copies.changes(), () => assert.fail("it changed"));
  const [, path = ""] = await layer.snapshot([]);
  await assert.rejects(layer.diffId(), /it changed/);
  await copies.layers.settle();
  assert.equal(existsSync(path), false);
  assert.equal(copies.layers.copies.last(KIN), last);
});

test("a file that holds something else by now is not seen early", { skip }, async () => {
  await using rig = await Rig.start();
  const copies = new Copies(rig);
  await (await copies.seal(copies.changes())).snapshot([]);
  copies.write(3, "second 3");
  const changes = copies.changes();
  copies.write(3, "third 3");
  const layer = await copies.seal(changes);
  const path = (await layer.snapshot([])).at(-1) ?? "";
  assert.match((await copies.seen(layer)).join(), /f3/);
  assert.equal(copies.layers.store.layers.get(await layer.diffId())?.snapshot, path.split("/").at(-1));
});
