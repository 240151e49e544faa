import type { Bytes } from "../core/bytes.ts";
import type { IgnoreRule } from "./types.ts";
import { cleanPattern, PatternList } from "./patterns.ts";

/** The patterns of one ignore file, and where each one stands. */
export interface IgnoreFile {
  readonly rules: readonly IgnoreRule[];
  readonly patterns: PatternList;
}

/** Parses an ignore file: one pattern a line, `#` in the first column begins a comment (moby/patternmatcher/ignorefile). */
export function parseIgnoreFile(file: string, data: Buffer): IgnoreFile {
  const rules: IgnoreRule[] = [];
  const lines = data.toString("latin1").replace(UTF8_BOM, "").split("\n");
  for (const [index, line] of lines.entries()) {
    const pattern = line.startsWith("#") ? "" : cleanPattern(line);
    if (pattern !== "") rules.push({ pattern, file, line: index + 1 });
  }
  const patterns = new PatternList(
    rules.map((rule) => rule.pattern),
    (index) => `${file}:${rules[index]?.line ?? 0}`,
  );
  return { rules, patterns };
}

/** The ignore file of a context without one. */
export const NOTHING_IGNORED: IgnoreFile = { rules: [], patterns: new PatternList([], () => "") };

const UTF8_BOM = "\xef\xbb\xbf";

/**
 * Where a context's patterns may be, the first one that exists wins: those of the Dockerfile before those of the context,
 * `.containerignore` before `.dockerignore` as in buildah (pkg/util, containerignore(5)).
 */
export function ignoreFileNames(dockerfile: string | undefined): readonly string[] {
  return dockerfile === undefined
    ? [".containerignore", ".dockerignore"]
    : [`${dockerfile}.containerignore`, `${dockerfile}.dockerignore`];
}

/** The rule that hides a path, from the state of the directories above it. */
export function ruleFor(ignore: IgnoreFile, path: Bytes): IgnoreRule | undefined {
  return ignore.rules[ignore.patterns.decideAlone(path)];
}

/** The last `!` rule that matches a path or a directory above it. */
export function exceptionFor({ rules }: IgnoreFile, path: Bytes): IgnoreRule | undefined {
  return rules.findLast(({ pattern }) => {
    if (!pattern.startsWith("!")) return false;
    return new PatternList([pattern.slice(1)], () => "").decideAlone(path) >= 0;
  });
}
