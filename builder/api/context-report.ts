import type { Bytes } from "../core/bytes.ts";
import type { EntryType } from "../core/entry.ts";
import type { IgnoreRule } from "../context/types.ts";

/** A build context, file by file. Paths are bytes: a character for each. */
export interface ContextReport {
  /** As the user named it. */
  readonly name: string;
  /** All regular files and links that COPY can take, in the order of their paths. */
  readonly files: readonly ContextFile[];
  /** What is hidden: the topmost paths, and all that is in them. */
  readonly ignored: readonly IgnoredPath[];
  /** What is there and usually should not be. */
  readonly mistakes: readonly { readonly path: Bytes; readonly reason: string }[];
}

export interface ContextFile {
  readonly path: Bytes;
  readonly type: EntryType;
  /** Bytes. */
  readonly size: number;
}

export interface IgnoredPath {
  readonly path: Bytes;
  readonly type: EntryType;
  readonly rule: IgnoreRule;
  /** How many files are in it, itself included, and their bytes. */
  readonly files: number;
  readonly size: number;
}

/** What becomes of one path, and the rule that decides it; none where no pattern matches. */
export interface ContextPath {
  readonly path: Bytes;
  readonly verdict: "taken" | "ignored" | "missing";
  readonly rule?: IgnoreRule;
}
