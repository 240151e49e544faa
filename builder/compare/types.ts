import type { Bytes } from "../core/bytes.ts";
import type { DiffId } from "../core/digest.ts";
import type { Entry } from "../core/entry.ts";
import type { Json } from "../core/json.ts";
import type { ImageConfig, Manifest } from "../image/types.ts";
import type { RootFs } from "../layers/types.ts";

/** An image of which every layer can be read. */
export interface ComparedImage {
  readonly name: string;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly layers: RootFs;
}

/** What of a file can differ. "content" comes with "size" where the sizes differ. */
export type Aspect =
  | "type"
  | "mode"
  | "owner"
  | "size"
  | "content"
  | "time"
  | "link"
  | "device"
  | "attributes";

/** What is at a path: a file, or in a layer alone, that what is below it is gone. */
export type Face = Entry | { readonly type: "whiteout" } | { readonly type: "opaque" };

export interface FileDifference {
  readonly change: "added" | "removed" | "changed";
  readonly path: Bytes;
  /** Of a file that changed. */
  readonly aspects: readonly Aspect[];
  readonly a?: Face;
  readonly b?: Face;
  /** Why it most likely differs, and what to do about it; for images that should have been equal. */
  readonly cause?: Cause;
}

/** Why two builds differ, and what to do about it. */
export interface Cause {
  /** For programs: `time`, `python-bytecode`. */
  readonly id: string;
  readonly why: string;
  readonly fix: string;
}

export interface LayerRef {
  /** One-based. */
  readonly number: number;
  readonly diffId: DiffId;
  /** The instruction that made it, as the history has it. */
  readonly createdBy?: string;
}

/** What differs in one layer, or in the files that came with it. */
export interface LayerDifference {
  readonly a?: LayerRef;
  readonly b?: LayerRef;
  /** The same files, written down in another order or by another program. */
  readonly repacked: boolean;
  readonly files: readonly FileDifference[];
}

/** A member of the config or the manifest: `config.Env.PATH`. */
export interface FieldDifference {
  readonly field: string;
  readonly a?: Json;
  readonly b?: Json;
  readonly cause?: Cause;
}

export interface ImageDifference {
  /** The manifests are the same bytes. */
  readonly equal: boolean;
  readonly fields: readonly FieldDifference[];
  readonly layers: readonly LayerDifference[];
}

/** How two images are held against each other. */
export interface CompareOptions {
  /** "files": what a container sees, whichever layers it comes from. "layers": each layer against its counterpart. */
  readonly by: "files" | "layers";
  /** Looks for causes: the images should have been equal. */
  readonly explain: boolean;
  readonly signal: AbortSignal;
}
