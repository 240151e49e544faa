import { formatPlatform, type Platform } from "../core/platform.ts";

/** What an annotation stands on: a document, or the descriptor that leads to it (BuildKit exptypes/annotations.go). */
export type AnnotationLevel = "manifest" | "manifest-descriptor" | "index" | "index-descriptor";

/** One --annotation. */
export interface Annotation {
  readonly level: AnnotationLevel;
  /** The one image of several that it is for; all of them where it is not given. */
  readonly platform?: Platform;
  readonly key: string;
  readonly value: string;
}

/** The annotations of a document or descriptor; those for its platform alone go over those for all. */
export function annotationsOf(
  annotations: readonly Annotation[],
  level: AnnotationLevel,
  platform?: Platform,
): Readonly<Record<string, string>> | undefined {
  const own = platform === undefined ? undefined : formatPlatform(platform);
  const fitting = annotations.filter(
    (one) => one.level === level && (one.platform === undefined || formatPlatform(one.platform) === own),
  );
  if (fitting.length === 0) return undefined;
  const map = Object.create(null) as Record<string, string>;
  for (const exact of [false, true])
    for (const { platform: only, key, value } of fitting)
      if ((only !== undefined) === exact) map[key] = value;
  return map;
}
