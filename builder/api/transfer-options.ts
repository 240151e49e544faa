import type { Emit } from "../core/events.ts";
import type { Platform } from "../core/platform.ts";

/** What every transfer of an image takes. */
export interface TransferOptions {
  readonly platform?: Platform;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}
