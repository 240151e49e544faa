import type { Content, Entry, Tree } from "../core/entry.ts";
import type { Bytes } from "../core/bytes.ts";
import type { Digest, DiffId } from "../core/digest.ts";

/** What one layer does at one path. */
export type LayerChange =
  /** Something is there now. `offset`: where a regular file's bytes begin in the uncompressed tar. `digest`: of those
   * bytes, where whoever made the layer knew it. `data`: the bytes themselves, kept for /etc/passwd and /etc/group so that
   * looking a user up opens no layer. */
  | {
      readonly kind: "entry";
      readonly entry: Entry;
      readonly offset?: number;
      readonly digest?: Digest;
      readonly data?: Bytes;
    }
  /** What lower layers have at this path is gone (OCI image-spec, layer.md#whiteouts). */
  | { readonly kind: "whiteout"; readonly path: Bytes }
  /** What lower layers have below this directory is gone; its own entry stands beside it. */
  | { readonly kind: "opaque"; readonly path: Bytes };

/** What a layer changes, by path; sorted by path bytes, a directory before what is in it. */
export interface LayerIndex {
  readonly changes: readonly LayerChange[];
}

/** A file of the store with the bytes of a layer. */
export interface LayerBlob {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  /** Absolute path. */
  readonly path: string;
}

/** Where a layer comes from: its blob there. */
export interface LayerOrigin {
  readonly blob: Omit<LayerBlob, "path">;
  /** A registry's repository that others of that registry can take it over from. */
  readonly repository?: { readonly registry: string; readonly name: string };
}

/**
 * An unpacked layer in overlay form: character device 0:0 is a whiteout, the `overlay.opaque` xattr an opaque directory.
 * Directories, absolute paths, bottom first: all but the first have only what is not as in those below them.
 */
export type Snapshot = readonly string[];

/**
 * One value with two faces, a blob and a snapshot, and an index beside them. Each face is made from what there is when
 * somebody asks, never before; the promises are kept, so that asking twice costs once.
 */
export interface Layer {
  diffId(): Promise<DiffId>;
  index(): Promise<LayerIndex>;
  /** What it has, where that is known before the tar is written and with it the places of bytes: see `outlineOf`. */
  outline?(): Promise<LayerIndex>;
  /** The blob as it travels: the bytes pulled from a registry, else the uncompressed tar. Downloads it when it is not here. */
  blob(): Promise<LayerBlob>;
  /** The same, where its content has been seen to be what the layer's id says; left out where nobody else made it. */
  proven?(): Promise<LayerBlob>;
  /** The uncompressed tar. */
  tar(): Promise<LayerBlob>;
  /** As it is to lie over these layers: what it hides of them depends on what they have. */
  snapshot(below: RootFs): Promise<Snapshot>;
  /** Known without fetching it; undefined where this machine made it. */
  origin?(): LayerOrigin | undefined;
}

/** The layers of a root filesystem, bottom first. */
export type RootFs = readonly Layer[];

/** What a new layer is made of: an entry with the bytes of a regular file, or a deletion. */
export type NewChange =
  | { readonly kind: "entry"; readonly entry: Entry; readonly content?: Content }
  | { readonly kind: "whiteout"; readonly path: Bytes }
  | { readonly kind: "opaque"; readonly path: Bytes };

/**
 * A tree that changes in memory: the union of layers below, what a COPY, ADD or WORKDIR adds above. `changes()` is the
 * new layer. Reads see the changes.
 */
export interface TreeEditor extends Tree {
  /** Puts an entry in place of whatever non-directory is there; its parents must be directories. */
  put(entry: Entry, content?: Content): void;
  /** Removes a file or a whole directory; nothing happens where nothing is. */
  remove(path: Bytes): void;
  /** What was put and removed, sorted as a layer is. */
  changes(): readonly NewChange[];
}
