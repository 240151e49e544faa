import type { Attestations } from "../attest/types.ts";
import type { Emit } from "../core/events.ts";
import type { Digest } from "../core/digest.ts";
import type { Platform } from "../core/platform.ts";
import type { Descriptor, HistoryEntry, RunConfig } from "../image/types.ts";
import type { RootFs } from "../layers/types.ts";
import type { LayerForm } from "./form.ts";

/** A built image before it is written anywhere: outputs decide on media types and compression. */
export interface BuiltImage {
  readonly platform: Platform;
  readonly rootfs: RootFs;
  readonly config: RunConfig;
  readonly author?: string;
  /** `created` of the image and of the history entries that this build added: RFC 3339. */
  readonly created: string;
  readonly history: readonly HistoryEntry[];
  /** SOURCE_DATE_EPOCH: the time of every file that an output without an image writes (BuildKit exporter/local). */
  readonly epoch?: number;
  /** What --cache-to type=inline puts into the config. */
  readonly inlineCache?: object;
  /** What is stated of it: goes with it to the store and to registries. */
  readonly attestations?: Attestations;
}

/** What an output made. */
export interface OutputResult {
  /** Digest of the config: docker's image id. None where there are several images. */
  readonly imageId?: Digest;
  /** Digest of the manifest, or of the index of several, as it stands at the destination. */
  readonly manifest?: Digest;
  /** The descriptor of that. */
  readonly descriptor?: Descriptor;
  readonly names?: readonly string[];
  readonly path?: string;
}

export interface OutputContext {
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** One place that a build's result goes to: an image for each platform that was asked for. */
export interface Output {
  readonly label: string;
  /** The form of layers that leave this machine: they are compressed while later steps run. */
  readonly sends?: LayerForm;
  write(images: readonly BuiltImage[], context: OutputContext): Promise<OutputResult>;
}
