import { renameSync } from "node:fs";
import type { Digest, DiffId } from "../../builder/core/digest.ts";
import { LayerRecorder } from "../../builder/layers/layer-recorder.ts";
import { serializeIndex } from "../../builder/layers/index-file.ts";
import { snapshotsOf } from "../../builder/layers/snapshots.ts";
import type { Layer, LayerIndex, NewChange, RootFs } from "../../builder/layers/types.ts";
import type { BlobWriter, LayerRecord, Store } from "../../builder/store/types.ts";
import { hexOf } from "../../builder/core/digest.ts";
import type { EntryVisitor, Helper } from "../types.ts";
import { copyRecords } from "./copy-records.ts";
import { earlierTar } from "./earlier-tar.ts";
import { isOfForm, snapshotName, type SnapshotForm } from "./snapshot-form.ts";
import { StoredLayer } from "./stored-layer.ts";
import { turns } from "./turns.ts";
import type { CopyRecords, LayerServices, RemoteBlob } from "./types.ts";
import { UpperLayer } from "./upper-layer.ts";

export interface AdoptOptions {
  readonly epoch?: number;
  /** What the step's directory says of owners that its files cannot have. */
  readonly owners?: Uint8Array | undefined;
}

export interface SealOptions {
  readonly signal?: AbortSignal;
  readonly epoch?: number;
  readonly kin?: Digest | undefined;
}

/** Makes a layer that was sealed one of the store's. */
export type SealedAhead = () => Layer;

/** A layer that is being made. */
export interface LayerRecording extends Disposable {
  readonly changes: EntryVisitor;
  /** Ends it. */
  finish(): Layer;
}

/** A smaller layer is read again as fast as one that was made before it. */
const BIG = 16 << 20;
/** As many as are fetched: each takes 3 MB of memory, and more of them make nothing faster. */
const UNPACKED_AT_ONCE = 4;

/** Makes layers and finds them again. One object stands for one DiffID, so that each face is made once in a process. */
export class LayerStore implements LayerServices {
  readonly store: Store;
  readonly helper: () => Promise<Helper>;
  readonly form: () => Promise<SnapshotForm>;
  readonly unpacking: LayerServices["unpacking"] = turns(UNPACKED_AT_ONCE);
  readonly copies: CopyRecords;
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

  /**
   * Seals changes straight from where their bytes lie: one read, one write. `kin`: what makes them, whatever is in them;
   * its last snapshot is what the new one is made upon.
   */
  async seal(changes: readonly NewChange[], options: SealOptions): Promise<Layer> {
    const { kin, ...rest } = options;
    const { writeLayer } = await import("../../builder/layers/write-layer.ts");
    const size = changes.reduce((sum, change) => sum + (change.kind === "entry" ? change.entry.size : 0), 0);
    const last = kin && this.copies.last(kin);
    // Closed only when the other thread is done with it.
    using earlier = last && size >= BIG ? earlierTar(this.store, last) : undefined;
    await using aside = await this.store.blobs.createAside(size);
    if (aside === undefined) {
      using writer = this.store.blobs.create();
      const index = await writeLayer(changes, (chunk) => writer.write(chunk), rest);
      return this.#sealed(writer.commit(), index, kin);
    }
    const index = await writeLayer(changes, (chunk) => aside.write(chunk), {
      ...rest,
      drain: () => aside.drain(),
      memory: () => aside.memory(),
      earlier: earlier && {
        index: earlier.index,
        copy: (from, length) => aside.copy(earlier.fd, from, length),
      },
    });
    return this.#sealed(await aside.commit(), index, kin);
  }

  /**
   * The same before it is known whether the layer is needed: it is the store's when it is kept. Those who gave files are told
   * their digests, which are taken on the way. Undefined where nothing was done, as it is not much.
   */
  async sealAhead(changes: readonly NewChange[], options: SealOptions): Promise<SealedAhead | undefined> {
    const { kin, ...rest } = options;
    await using aside = await this.store.blobs.createAside(Infinity);
    if (aside === undefined) return undefined;
    const { writeLayer } = await import("../../builder/layers/write-layer.ts");
    const index = await writeLayer(changes, (chunk, files) => aside.write(chunk, files), {
      ...rest,
      drain: () => aside.drain(),
      memory: () => aside.memory(),
      learn: () => aside.fileDigests(),
    });
    const { digest, size, path } = await aside.finish();
    return () => {
      this.store.blobs.adopt(path, digest);
      return this.#sealed({ digest, size }, index, kin);
    };
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
      await helper.diff({ upper: path, lowers, owners: options.owners }, recorder);
      const index = recorder.finish();
      const sealed = this.#sealed(writer.commit(), index);
      const record = this.store.layers.get(await sealed.diffId());
      // Another step, or another process, may have made the very same layer.
      if (record?.snapshot === undefined || !isOfForm(record.snapshot, form))
        this.store.layers.update(await sealed.diffId(), { snapshot });
      else if (record.snapshot !== snapshot) this.#doomed.push(path);
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
        return this.#sealed(closing.commit(), index);
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

  saveIndex(diffId: DiffId, index: LayerIndex): void {
    this.store.writeFile(this.store.path("indexes", hexOf(diffId)), serializeIndex(index));
  }

  #sealed(blob: ReturnType<BlobWriter["commit"]>, index: LayerIndex, kin?: Digest): StoredLayer {
    const { digest, size } = blob;
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
