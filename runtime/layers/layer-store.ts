import { renameSync } from "node:fs";
import type { Digest, DiffId } from "../../builder/core/digest.ts";
import { LayerRecorder } from "../../builder/layers/layer-recorder.ts";
import { serializeIndex } from "../../builder/layers/index-file.ts";
import { snapshotsOf } from "../../builder/layers/snapshots.ts";
import type { Layer, LayerIndex, NewChange, RootFs } from "../../builder/layers/types.ts";
import type { LayerRecord, Store } from "../../builder/store/types.ts";
import { hexOf } from "../../builder/core/digest.ts";
import type { EntryVisitor, Helper } from "../types.ts";
import { copyRecords } from "./copy-records.ts";
import type { SealedTar, SealOptions } from "./sealing.ts";
import { isOfForm, snapshotName, type SnapshotForm } from "./snapshot-form.ts";
import { StoredLayer } from "./stored-layer.ts";
import { turns } from "./turns.ts";
import type { CopyRecords, LayerServices, MadeSnapshot, RemoteBlob } from "./types.ts";
import { UpperLayer } from "./upper-layer.ts";

export interface AdoptOptions {
  readonly epoch?: number;
  /** What the step's directory says of owners that its files cannot have. */
  readonly owners?: Uint8Array | undefined;
}

/** Makes a layer that was sealed one of the store's. */
export type SealedAhead = () => Layer;

/** A layer that is being made. */
export interface LayerRecording extends Disposable {
  readonly changes: EntryVisitor;
  /** Ends it. */
  finish(): Layer;
}

/** Each takes some megabytes, and more of them make nothing faster: what arrives meanwhile waits in its file. */
const UNPACKED_AT_ONCE = 3;
/** Layers that are sealed beside the build: the thread writes one after the other anyway. */
const BESIDE_AT_ONCE = 2;

/** Makes layers and finds them again. One object stands for one DiffID, so that each face is made once in a process. */
export class LayerStore implements LayerServices {
  readonly store: Store;
  readonly helper: () => Promise<Helper>;
  readonly form: () => Promise<SnapshotForm>;
  readonly unpacking: LayerServices["unpacking"] = turns(UNPACKED_AT_ONCE);
  readonly copies: CopyRecords;
  readonly #besides = turns(BESIDE_AT_ONCE);
  readonly #known = new Map<DiffId, StoredLayer>();
  /** Work that nobody waits for while the build goes on; `settle` does. */
  readonly #background = new Set<Promise<unknown>>();
  /** Snapshots of layers that turned out to have one already. */
  readonly #doomed: string[] = [];

  constructor(
    store: Store,
    helper: () => Promise<Helper>,
    form: () => Promise<SnapshotForm> = () => Promise.resolve("root"),
  ) {
    this.store = store;
    this.helper = helper;
    this.form = form;
    this.copies = copyRecords(store);
  }

  /** The layer with this DiffID where the store, or a registry that was asked in this process, has it. */
  open(diffId: DiffId): Layer | undefined {
    const known = this.#known.get(diffId);
    if (known !== undefined) return known;
    const record = this.store.layers.get(diffId);
    return record !== undefined && this.#isHere(record)
      ? this.#remember(new StoredLayer(diffId, this))
      : undefined;
  }

  /** All layers of a root filesystem, or undefined where one is missing. */
  openAll(diffIds: readonly DiffId[]): RootFs | undefined {
    const layers: Layer[] = [];
    for (const diffId of diffIds) {
      const layer = this.open(diffId);
      if (layer === undefined) return undefined;
      layers.push(layer);
    }
    return layers;
  }

  /** A layer of a registry's image: fetched when somebody reads it. */
  remote(diffId: DiffId, remote: RemoteBlob): Layer {
    const known = this.#known.get(diffId);
    if (known !== undefined) return known;
    // What is here of it is in use from now on.
    this.store.layers.get(diffId);
    return this.#remember(new StoredLayer(diffId, this, { remote }));
  }

  /** A layer that could not be had from where it was said to be: whoever makes it again makes it anew. */
  forget(diffId: DiffId): void {
    this.#known.delete(diffId);
  }

  /** Seals changes straight from where their bytes lie: one read, one write. */
  async seal(changes: readonly NewChange[], options: SealOptions): Promise<Layer> {
    const { sealAside, sealHere, writerAside } = await import("./sealing.ts");
    const writer = await writerAside(this, changes);
    const tar = writer ? sealAside(this, writer, changes, options) : sealHere(this, changes, options);
    return this.#sealed(await tar, options.kin);
  }

  /**
   * The same, but where the second thread does it nobody waits for it before he asks for the layer's DiffID, as whoever
   * records it does. What has the layer below it can begin meanwhile.
   */
  async sealBeside(changes: readonly NewChange[], options: SealOptions): Promise<Layer> {
    const { sealAside, sealHere, writerAside } = await import("./sealing.ts");
    const { kin } = options;
    const writer = await writerAside(this, changes);
    if (writer === undefined) return this.#sealed(await sealHere(this, changes, options), kin);
    const [{ sealingLayer }, { TarProgress }] = await Promise.all([
      import("./sealing-layer.ts"),
      import("./tar-progress.ts"),
    ]);
    const progress = new TarProgress(writer);
    const sealed = this.#besides(async () =>
      this.#sealed(await sealAside(this, writer, changes, options, progress), kin),
    );
    this.background(sealed);
    return sealingLayer(this, { changes, kin, epoch: options.epoch, progress }, sealed);
  }

  /** The same before it is known whether the layer is needed. Undefined where nothing was done, as it is not much. */
  async sealAhead(changes: readonly NewChange[], options: SealOptions): Promise<SealedAhead | undefined> {
    const { sealAhead } = await import("./sealing.ts");
    const tar = await sealAhead(this, changes, options);
    return (
      tar &&
      (() => {
        this.store.blobs.adopt(tar.path, tar.digest);
        return this.#sealed(tar, options.kin);
      })
    );
  }

  /**
   * Takes the upper directory that a step wrote as a snapshot. The blob is sealed beside the build: the next step needs
   * the snapshot alone.
   */
  async adopt(upper: string, lower: RootFs, options: AdoptOptions): Promise<Layer> {
    const form = await this.form();
    const snapshot = snapshotName(form);
    const path = this.store.path("snapshots", snapshot);
    renameSync(upper, path);
    const layer = new UpperLayer(path, async () => {
      const lowers = await snapshotsOf(lower);
      const helper = await this.helper();
      using writer = this.store.blobs.create();
      const recorder = new LayerRecorder((chunk) => writer.write(chunk), options);
      await helper.diff({ upper: path, lowers, ...options }, recorder);
      const index = recorder.finish();
      const sealed = this.#sealed({ ...writer.commit(), index });
      this.keepSnapshot(sealed.id, form, { snapshot });
      return sealed;
    });
    this.background(layer.diffId());
    return layer;
  }

  /** A layer of changes that are told one by one. */
  record(options: { epoch?: number }): LayerRecording {
    const writer = this.store.blobs.create();
    const changes = new LayerRecorder((chunk) => writer.write(chunk), options);
    return {
      changes,
      finish: () => {
        using closing = writer;
        const index = changes.finish();
        return this.#sealed({ ...closing.commit(), index });
      },
      [Symbol.dispose]: () => writer[Symbol.dispose](),
    };
  }

  /** Lets work go on; its failure is reported by whoever asks for its result. */
  background(work: Promise<unknown>): void {
    const quiet = work.catch(() => {});
    this.#background.add(quiet);
    void quiet.then(() => this.#background.delete(quiet));
  }

  /** Waits for work in the background, and removes snapshots that are not needed after all. */
  async settle(): Promise<void> {
    await Promise.all(this.#background);
    if (this.#doomed.length > 0) await (await this.helper()).remove(this.#doomed.splice(0));
  }

  keepSnapshot(diffId: DiffId, form: SnapshotForm, made: MadeSnapshot): boolean {
    const { snapshot } = this.store.layers.get(diffId) ?? {};
    if (snapshot === made.snapshot) return true;
    const isKept = made.on !== diffId && (snapshot === undefined || !isOfForm(snapshot, form));
    if (isKept) this.store.layers.update(diffId, made);
    else this.dropSnapshot(made.snapshot);
    return isKept;
  }

  dropSnapshot(snapshot: string): void {
    this.#doomed.push(this.store.path("snapshots", snapshot));
  }

  saveIndex(diffId: DiffId, index: LayerIndex): void {
    this.store.writeFile(this.store.path("indexes", hexOf(diffId)), serializeIndex(index));
  }

  #sealed({ digest, size, index }: SealedTar, kin?: Digest): StoredLayer {
    const diffId = digest as DiffId;
    this.saveIndex(diffId, index);
    this.store.layers.update(diffId, { size });
    return this.#known.get(diffId) ?? this.#remember(new StoredLayer(diffId, this, { index, kin }));
  }

  #remember(layer: StoredLayer): StoredLayer {
    this.#known.set(layer.id, layer);
    return layer;
  }

  #isHere({ diffId, compressed }: LayerRecord): boolean {
    return this.store.blobs.has(diffId) || compressed.some((form) => this.store.blobs.has(form.digest));
  }
}
