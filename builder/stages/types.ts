import type { Platform } from "../core/platform.ts";
import type { Digest } from "../core/digest.ts";
import type { ImageConfig } from "../image/types.ts";

/** What `stages` asks of the outside while it resolves FROM: wired in build.ts. */
export interface BaseImages {
  /** The image for a platform: from the store or a registry; only manifest and config are fetched. */
  resolve(reference: string, platform: Platform): Promise<BaseImage>;
}

export interface BaseImage {
  /** Normalised, with tag or digest. */
  readonly reference: string;
  readonly manifest: Digest;
  readonly config: ImageConfig;
}

/** What the user said beside the Dockerfile. */
export interface PlanOptions {
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly buildPlatform: Platform;
  /** --platform. */
  readonly targetPlatform: Platform;
  /** False where --platform was not given: a base image may then decide. */
  readonly explicitPlatform: boolean;
  /** Names of --build-context beside the main context. */
  readonly contexts: readonly string[];
}
