import type { Platform } from "../core/platform.ts";

/** Which build is meant: the last one of those that have all that is given. */
export interface WhichBuild {
  readonly context?: string;
  readonly dockerfile?: string;
  readonly target?: string;
  readonly platform?: Platform;
}
