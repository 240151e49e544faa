import type { CacheKey } from "../cache/types.ts";
import type { DiffId, Digest } from "../core/digest.ts";
import type { LayerRecord } from "../store/types.ts";

/** What of the store takes space: a line of `tsbuild du`. */
export type ItemKind =
  /** A layer with all its faces and the records that lead to it. */
  | "layer"
  /** A record without layers. */
  | "record"
  /** A download or a commit. */
  | "source"
  /** A slot of a cache mount. */
  | "mount"
  /** What is known of a build context's files. */
  | "context"
  /** A plan that is remembered. */
  | "plan"
  /** Manifests and config of an image. */
  | "image"
  | "container"
  /** Left by a build that was killed, or by an image whose name is gone. */
  | "orphan"
  /** What the store itself needs. */
  | "other";

export interface Item {
  readonly kind: ItemKind;
  /** Without the kind before it, unique among its kind: hex digits mostly. */
  readonly id: string;
  /** For people: what made it. */
  readonly description: string;
  /** Bytes on the disk. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly lastUsed: number;
  /** Names of images and containers that need it. */
  readonly keptBy: readonly string[];
  /** A build or a command that runs may need it. */
  readonly inUse: boolean;
  /** More than one record, or a record and an image, rest on it. */
  readonly shared: boolean;
}

/** What `du` says: items, largest first. */
export interface SpaceReport {
  readonly items: readonly Item[];
  readonly total: number;
  readonly shared: number;
  readonly reclaimable: number;
}

/** What is to be removed, of that which nobody needs. */
export interface PruneRequest {
  /** Also cache mounts, and what is known of contexts and Dockerfiles. --all */
  readonly all: boolean;
  /** Also cache mounts. --cache-mounts */
  readonly mounts: boolean;
  /** Not used for so long (ms). --filter until= */
  readonly unusedFor?: number;
  /** Beginnings of ids; any of them. --filter id= */
  readonly ids?: readonly string[];
  /** Any of them. --filter type= */
  readonly kinds?: readonly ItemKind[];
  /** Keeps so many bytes of cache, the last used. --keep-storage */
  readonly keepBytes?: number;
}

export interface PruneResult {
  readonly removed: readonly Item[];
  readonly bytes: number;
  /** Bytes of cache that are left: of all that no image and no container needs. */
  readonly left: number;
}

/** A file as it was found: whether it is still that one, and unused since, tells whether it may go. */
export interface Found {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

export interface FoundRecord {
  readonly key: CacheKey;
  readonly file: Found;
  readonly layers: readonly DiffId[];
  readonly created: number;
  readonly description: string;
  /** Keys that lead here. */
  readonly aliases: readonly { readonly key: CacheKey; readonly file: Found }[];
}

export interface FoundLayer {
  readonly diffId: DiffId;
  readonly file: Found;
  readonly record: LayerRecord;
}

export interface FoundSource {
  readonly name: string;
  readonly file: Found;
  readonly blob: Digest | undefined;
  readonly description: string;
}

export interface FoundFolder {
  /** Below the store's root. */
  readonly id: string;
  readonly file: Found;
  /** What is in it, as far as it can be read. */
  readonly size: number;
  readonly description: string;
}

/** All that is in the store, as one look at it found it. */
export interface Inventory {
  readonly layers: ReadonlyMap<DiffId, FoundLayer>;
  readonly records: readonly FoundRecord[];
  readonly blobs: ReadonlyMap<Digest, Found>;
  readonly indexes: ReadonlyMap<DiffId, Found>;
  readonly snapshots: ReadonlyMap<string, FoundFolder>;
  readonly sources: readonly FoundSource[];
  readonly mounts: readonly FoundFolder[];
  readonly containers: readonly FoundFolder[];
  readonly contexts: readonly Found[];
  readonly plans: readonly Found[];
}

/** Something in the store that is not as it has to be. */
export interface Problem {
  readonly kind: "blob" | "index" | "layer" | "snapshot" | "record" | "name" | "ref";
  /** What it is called among its kind: a file's name, or an image's. */
  readonly id: string;
  readonly problem: string;
  /** The layer that it is of. */
  readonly layer?: DiffId;
}

/** What `tsbuild store check` says. */
export interface CheckResult {
  readonly problems: readonly Problem[];
  /** All of them were dropped, and what depends on them. */
  readonly repaired: boolean;
}
