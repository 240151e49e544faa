import type { Slots } from "../core/slots.ts";
import type { Emit } from "../core/events.ts";
import type { Descriptor } from "../image/types.ts";
import type { Repository } from "../registry/types.ts";
import type { CacheDocument } from "./document.ts";

/** A place that a cache is read from. */
export interface CacheSource {
  /** For people: `localhost:5000/app:cache`, a directory. */
  readonly label: string;
  /** Where its blobs can be taken over from without passing through here. */
  readonly repository?: Repository;
  /** The records; no layer is read for that. */
  load(signal: AbortSignal): Promise<CacheDocument>;
  /** The bytes of a layer's blob; whoever reads them verifies the digest, and may free a piece that he is done with. */
  open(blob: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A layer's blob on its way out. */
export interface OutgoingBlob {
  readonly descriptor: Descriptor;
  /** Repositories that have it: in the same registry it need not travel. */
  readonly sources: readonly Repository[];
  /** Path of the file with its bytes, which it is brought here for where it must be. */
  path(): Promise<string>;
}

/** A cache that is ready to be written. */
export interface OutgoingCache {
  readonly manifest: Buffer;
  readonly config: Buffer;
  readonly configDescriptor: Descriptor;
  readonly blobs: readonly OutgoingBlob[];
}

export interface CacheWriting {
  readonly slots: Slots;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** A place that a cache is written to. */
export interface CacheTarget {
  readonly label: string;
  /** Brings what is missing there; the cache is to be seen when all of it is there. */
  write(cache: OutgoingCache, writing: CacheWriting): Promise<void>;
  /** Brings a blob of a cache that is still in the making; left out where bringing it takes no time. */
  bring?(blob: OutgoingBlob, writing: CacheWriting): Promise<void>;
}
