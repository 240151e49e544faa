import { resolve } from "node:path";
import { formatPlatform, normalizePlatform, type Platform } from "../core/platform.ts";
import type { Place } from "../explain/types.ts";

interface PlaceOptions {
  readonly context: string;
  readonly dockerfile?: string | undefined;
  readonly target?: string | undefined;
  readonly platforms?: readonly Platform[] | undefined;
}

/** What one build after the other is about: by it a build finds what the one before it left. */
export function placeOf({ context, dockerfile = "", target = "", platforms = [] }: PlaceOptions): Place {
  return {
    context: contextPlace(context),
    dockerfile,
    target,
    platform: platforms.map((platform) => formatPlatform(normalizePlatform(platform))).join(","),
  };
}

/** A URL is its own place, and standard input any. */
export function contextPlace(context: string): string {
  return context === "-" || /^[a-z][a-z+.-]*:\/\//i.test(context) ? context : resolve(context);
}
