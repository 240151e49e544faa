import type { Digest, DiffId } from "../../builder/core/digest.ts";
import type { LayerIndex } from "../../builder/layers/types.ts";
import type { LayerRecord, Store } from "../../builder/store/types.ts";
import type { Descriptor } from "../../builder/image/types.ts";
import type { Helper } from "../types.ts";
import type { SnapshotForm } from "./snapshot-form.ts";

/** A blob that can be had from elsewhere: its descriptor, and how to bring it into the store. */
export interface RemoteBlob {
  readonly descriptor: Descriptor;
  readonly repository?: { readonly registry: string; readonly name: string };
  /** Resolves when the verified blob is in the store. */
  fetch(): Promise<void>;
  /** Begins to fetch it. What arrives, as it arrives: not verified yet. Undefined where nothing has to. */
  arriving?(): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Told that it does not come, or is not the layer that it was said to be. */
  failed?(): void;
}

/** What a layer's record says of a snapshot. */
export type MadeSnapshot = Pick<LayerRecord, "on" | "hides"> & { readonly snapshot: string };

/** What a layer makes its faces with. */
export interface LayerServices {
  readonly store: Store;
  helper(): Promise<Helper>;
  /** Which snapshots can be made and used here. */
  form(): Promise<SnapshotForm>;
  /** Does something that takes layers apart when few others do. */
  unpacking<T>(work: () => Promise<T>): Promise<T>;
  saveIndex(diffId: DiffId, index: LayerIndex): void;
  /**
   * Says in a layer's record what its snapshot is. False where another step, or another process, made the very same layer
   * and unpacked it: then this one is dropped.
   */
  keepSnapshot(diffId: DiffId, form: SnapshotForm, made: MadeSnapshot): boolean;
  /** Removes a snapshot that nothing names, when the build is over. */
  dropSnapshot(snapshot: string): void;
  /** Lets work go on while the build does. */
  background(work: Promise<unknown>): void;
  /** The layer that a COPY made last and that was unpacked, by what the COPY is. */
  readonly copies: CopyRecords;
}

/** Which layer an equal step made before, whatever it copied. */
export interface CopyRecords {
  last(kin: Digest): DiffId | undefined;
  keep(kin: Digest, diffId: DiffId): void;
}
