import type { Bytes } from "../core/bytes.ts";

/** What a step added to the image. */
export interface StepGrowth {
  /** For people: `[builder 2/5] RUN make`. */
  readonly step: string;
  /** Bytes of the files in its layer. */
  readonly size: number;
  /** The largest of them, largest first. */
  readonly files: readonly { readonly path: Bytes; readonly size: number }[];
}

/** Sizes beyond which a build fails, in bytes of files. */
export interface SizeBudgets {
  /** --max-image-size */
  readonly image?: number;
  /** Of each step. --max-layer-growth */
  readonly layer?: number;
}
