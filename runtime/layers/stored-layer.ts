import { renameSync } from "node:fs";
import type { Digest, DiffId } from "../../builder/core/digest.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { lazy } from "../../builder/core/lazy.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";
import { readPieces } from "../../builder/store/read-pieces.ts";
import type {
  Layer,
  LayerBlob,
  LayerIndex,
  LayerOrigin,
  RootFs,
  Snapshot,
} from "../../builder/layers/types.ts";
import type { LayerRecord } from "../../builder/store/types.ts";
import { isGoodOver, savedIndex, storedSnapshot, type LayerSnapshot } from "./delta-snapshot.ts";
import { snapshotName, type SnapshotForm } from "./snapshot-form.ts";
import type { LayerServices, RemoteBlob } from "./types.ts";
import type { Unpacked, UnpackInto } from "./unpack.ts";

/** What is known of a layer beside its DiffID. */
export interface KnownOfLayer {
  readonly remote?: RemoteBlob;
  readonly index?: LayerIndex;
  /** What the COPY that made it is, whatever it copied. */
  readonly kin?: Digest | undefined;
}

/** A layer that is known by its DiffID. */
export class StoredLayer implements Layer {
  readonly id: DiffId;
  readonly #layers: LayerServices;
  readonly #remote: RemoteBlob | undefined;
  readonly #index: LayerIndex | undefined;
  readonly #kin: Digest | undefined;
  /** The snapshot that was there, or that was made for who asked first. */
  #made: (() => Promise<LayerSnapshot>) | undefined;

  constructor(id: DiffId, layers: LayerServices, known: KnownOfLayer = {}) {
    this.id = id;
    this.#layers = layers;
    this.#remote = known.remote;
    this.#index = known.index;
    this.#kin = known.kin;
  }

  readonly diffId = async (): Promise<DiffId> => this.id;

  origin(): LayerOrigin | undefined {
    if (this.#remote === undefined) return undefined;
    const { descriptor, repository } = this.#remote;
    const { mediaType, digest, size } = descriptor;
    return { blob: { mediaType, digest, size }, ...(repository && { repository }) };
  }

  readonly blob = lazy(async (): Promise<LayerBlob> => {
    const { blobs, layers } = this.#layers.store;
    const compressed =
      this.#remote === undefined ? (layers.get(this.id)?.compressed ?? []) : [this.#remote.descriptor];
    // The bytes as pulled go first: a base image's layers leave as they came.
    const tar = this.#tarHere();
    const form = compressed.find(({ digest }) => blobs.use(digest));
    if (this.#remote === undefined && tar !== undefined) return tar;
    if (form !== undefined)
      return {
        mediaType: form.mediaType,
        digest: form.digest,
        size: form.size,
        path: blobs.path(form.digest),
      };
    if (this.#remote !== undefined) {
      const { mediaType, digest, size } = this.#remote.descriptor;
      await this.#remote.fetch();
      if (digest === this.id) this.#proved();
      return { mediaType, digest, size, path: blobs.path(digest) };
    }
    throw new TsbuildError(
      "STORE_INVALID",
      `Cannot find layer ${this.id}: the store has neither its blob nor where to get it`,
      {
        hint: "build again with --no-cache",
      },
    );
  });

  readonly proven = lazy(async (): Promise<LayerBlob> => {
    if (!this.#isProven()) {
      const { checkBlob } = await import("./unpack.ts");
      await this.#takeApart((bytes) => checkBlob(bytes, this.id));
      this.#proved();
    }
    return this.blob();
  });

  #isProven(): boolean {
    const digest = this.#remote?.descriptor.digest ?? this.id;
    const known = this.#layers.store.layers.get(this.id)?.compressed ?? [];
    return digest === this.id || known.some((form) => form.digest === digest);
  }

  /** The blob has the content that its image's config says: not before may it stand for the layer in other images. */
  #proved(): void {
    if (this.#remote === undefined) return;
    const { mediaType, digest, size } = this.#remote.descriptor;
    const face = digest === this.id ? { size } : { compressed: [{ mediaType, digest, size }] };
    this.#layers.store.layers.update(this.id, face);
  }

  readonly tar = lazy(async (): Promise<LayerBlob> => {
    const here = this.#tarHere();
    if (here !== undefined) return here;
    const { digest, size } = await this.#takeApart(async (bytes) => {
      using writer = this.#layers.store.blobs.create();
      await this.#unpack(bytes, { tar: (chunk) => writer.write(chunk) });
      return writer.commit(this.id);
    });
    this.#layers.store.layers.update(this.id, { size });
    return { mediaType: MEDIA_TYPES.ociLayer, digest, size, path: this.#layers.store.blobs.path(digest) };
  });

  readonly index = lazy(async (): Promise<LayerIndex> => {
    const here = this.#index ?? savedIndex(this.#layers.store, this.id);
    if (here !== undefined) return here;
    if ((await this.#layers.form()) === "none") {
      // Trees are made of tars: reading the blob for that gives the index, too.
      const tar = await this.tar();
      return savedIndex(this.#layers.store, this.id) ?? (await this.#unpack(readPieces(tar.path), {})).index;
    }
    // Steps read indexes of layers that they run on: unpacking now saves reading the blob twice.
    return (await this.#unpacked()).index;
  });

  async snapshot(below: RootFs): Promise<Snapshot> {
    const form = await this.#layers.form();
    if (form === "none") return [];
    this.#made ??= lazy(async () => this.#stored(form) ?? (await this.#makeSnapshot(form, below)));
    const made = await this.#made();
    return (await isGoodOver(made, below)) ? made.directories : this.#whole();
  }

  /** One that hides nothing but what the layer deletes. */
  readonly #whole = lazy(async (): Promise<Snapshot> => {
    const form = await this.#layers.form();
    const stored = this.#stored(form);
    return stored?.hides.length === 0 ? stored.directories : (await this.#makeSnapshot(form)).directories;
  });

  #stored(form: SnapshotForm): LayerSnapshot | undefined {
    return storedSnapshot(this.#layers.store, this.id, form);
  }

  /** Snapshot and index at once, out of one reading of the blob. */
  readonly #unpacked = lazy(async (): Promise<Unpacked & { readonly snapshot: Snapshot }> => {
    const helper = await this.#layers.helper();
    const { directory, ...unpacked } = await this.#takeApart(
      async (bytes) => {
        const made = this.#layers.store.tempPath("snapshot");
        const stream = helper.apply(made);
        try {
          const taken = await this.#unpack(bytes, { apply: stream });
          await stream.end();
          return { ...taken, directory: made };
        } catch (error) {
          await stream.abort();
          await helper.remove([made]);
          throw error;
        }
      },
      (made) => helper.remove([made.directory]),
    );
    return { ...unpacked, snapshot: [this.#keepSnapshot(directory, await this.#layers.form())] };
  });

  /**
   * Takes the blob apart: as it arrives, where it is not here. It is verified when all of it is; where it is not what it
   * should be, `undo` is asked to remove what was made of it.
   */
  async #takeApart<T>(
    take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
    undo?: (taken: T) => Promise<void>,
  ): Promise<T> {
    // Asked for at once, so that layers arrive while others are taken apart.
    const arrival = this.#arrival();
    const work = async (): Promise<T> => {
      const bytes = await arrival;
      if (bytes === undefined) return take(readPieces((await this.blob()).path));
      const [taken, blob] = await Promise.allSettled([take(bytes), this.blob()]);
      if (blob.status === "rejected") {
        if (taken.status === "fulfilled") await undo?.(taken.value);
        throw blob.reason;
      }
      // What arrived first may have been a mirror's that had it damaged: what is here now says what is wrong with it.
      return taken.status === "fulfilled" ? taken.value : take(readPieces(blob.value.path));
    };
    try {
      return await this.#layers.unpacking(work);
    } catch (error) {
      this.#remote?.failed?.();
      throw error;
    }
  }

  #arrival(): ReturnType<NonNullable<RemoteBlob["arriving"]>> | undefined {
    const digest = this.#remote?.descriptor.digest;
    const isHere = this.#tarHere() !== undefined || (digest && this.#layers.store.blobs.use(digest));
    return isHere ? undefined : this.#remote?.arriving?.();
  }

  /** `below`: layers that it must be good over. Left out: it must be over any. */
  async #makeSnapshot(form: SnapshotForm, below?: RootFs): Promise<LayerSnapshot> {
    const { store, copies } = this.#layers;
    const tar = this.#tarHere();
    const index = this.#index ?? savedIndex(store, this.id);
    if (tar === undefined || index === undefined)
      return { directories: (await this.#unpacked()).snapshot, hides: [] };
    const earlier = this.#kin === undefined ? undefined : copies.last(this.#kin);
    const on = earlier === this.id ? undefined : earlier;
    const { deltaOver } = await import("./delta-over.ts");
    const delta = on && below && (await deltaOver(store, on, { index, tar: tar.path }, form, below));
    const directory = store.tempPath("snapshot");
    const helper = await this.#layers.helper();
    try {
      const { applyIndexed } = await import("./apply-indexed.ts");
      await applyIndexed(helper, directory, delta ?? index, tar.path);
    } catch (error) {
      await helper.remove([directory]);
      throw error;
    }
    const path = this.#keepSnapshot(directory, form, delta && on && { on, hides: delta.hides });
    if (this.#kin !== undefined) copies.keep(this.#kin, this.id);
    return {
      directories: [...(delta?.below.directories ?? []), path],
      hides: [...(delta?.below.hides ?? []), ...(delta?.hides ?? [])],
    };
  }

  #keepSnapshot(directory: string, form: SnapshotForm, part?: Pick<LayerRecord, "on" | "hides">): string {
    const { store } = this.#layers;
    const snapshot = snapshotName(form);
    const path = store.path("snapshots", snapshot);
    renameSync(directory, path);
    store.layers.update(this.id, { snapshot, ...part });
    return path;
  }

  async #unpack(bytes: AsyncIterable<Uint8Array>, into: UnpackInto): Promise<Unpacked> {
    // A cached build unpacks nothing, and need not load what reads archives.
    const { unpack } = await import("./unpack.ts");
    const unpacked = await unpack(bytes, this.id, into);
    this.#layers.saveIndex(this.id, unpacked.index);
    this.#proved();
    return unpacked;
  }

  #tarHere(): LayerBlob | undefined {
    const size = this.#layers.store.blobs.size(this.id);
    if (size === undefined) return undefined;
    return {
      mediaType: MEDIA_TYPES.ociLayer,
      digest: this.id,
      size,
      path: this.#layers.store.blobs.path(this.id),
    };
  }
}
