import type { Digest, DiffId } from "../core/digest.ts";
import type { Emit } from "../core/events.ts";
import type { Platform } from "../core/platform.ts";
import type { LayerCompression } from "../image/layer-types.ts";
import type { ImageFormat } from "../image/types.ts";
import type { TransferOptions } from "./transfer-options.ts";

/** What `tsbuild save` is asked for. */
export interface SaveOptions extends Omit<TransferOptions, "platform"> {
  /** A file, "-" for standard output. --output */
  readonly dest: string;
  /** "docker": what every `docker load` takes. --format */
  readonly format: "oci" | "docker";
  /** The images for these, several as an index of them, which "docker" does not take. --platform */
  readonly platforms?: readonly Platform[];
}

/** What `tsbuild load` is asked for. */
export interface LoadOptions {
  /** The archive's bytes. --input */
  readonly source: AsyncIterable<Uint8Array>;
  /** What messages call it. */
  readonly label: string;
  /** One more name for its one image. --tag */
  readonly name?: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface LoadedImage {
  /** Full names; none where it has none in the archive. */
  readonly names: readonly string[];
  /** Digest of the config; of the index, where there are several images. */
  readonly id: Digest;
}

/** What `tsbuild copy` is asked for. */
export interface CopyOptions extends Omit<TransferOptions, "platform">, Conversion {
  /** All that a name leads to, not one platform's image. --all */
  readonly all: boolean;
  /** The images for these, several as an index of them; this machine's where nothing is said. --platform */
  readonly platforms?: readonly Platform[];
}

/** What an image is to become on its way; what is not said stays, and so does its digest where nothing changes. */
export interface Conversion {
  /** Whose media types it has. --format */
  readonly format?: ImageFormat;
  /** Every layer that has another one is compressed anew. --compression */
  readonly compression?: LayerCompression;
  /** What gzip (0-9) or zstd (1-22) shall spend on those. --compression-level */
  readonly level?: number;
}

/** One step of an image's history. */
export interface HistoryStep {
  /** RFC 3339. */
  readonly created?: string;
  readonly createdBy: string;
  readonly comment: string;
  /** Bytes of its layer, uncompressed where that is known; 0 where it made none. */
  readonly size: number;
  readonly layer?: DiffId;
}

/** One line of `tsbuild images`. */
export interface ImageSummary {
  /** `<none>` where it has none. */
  readonly name: string;
  /** Digest of the config; of the manifest, where the config is not here. */
  readonly id: Digest;
  readonly digest: Digest;
  /** RFC 3339. */
  readonly created?: string;
  /** Bytes of all layers, uncompressed where that is known. */
  readonly size: number;
  /** Bytes of those that other images of the store have as well. */
  readonly shared: number;
  /** Of an index: the platforms whose images are here. */
  readonly platforms?: readonly string[];
}
