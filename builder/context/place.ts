import { statSync } from "node:fs";
import type { Digest } from "../core/digest.ts";
import { parseGitUrl, type GitUrl } from "../net/git-url.ts";

/** Where a context is, as PATH or --build-context names it. */
export type ContextPlace =
  | { readonly kind: "directory" }
  | { readonly kind: "stdin" }
  | { readonly kind: "git"; readonly git: GitUrl }
  /** With a checksum, what its bytes have to be. */
  | { readonly kind: "http"; readonly url: URL; readonly checksum?: Digest };

/** A context that is no directory of this machine. */
export type FetchedPlace = Exclude<ContextPlace, { readonly kind: "directory" }>;

/** A directory that is there is meant, whatever else its name could be (as buildx has it). */
export function placeOf(text: string): ContextPlace {
  if (text === "-") return { kind: "stdin" };
  if (statSync(text, { throwIfNoEntry: false })?.isDirectory()) return { kind: "directory" };
  const git = parseGitUrl(github(text));
  if (git !== undefined) return { kind: "git", git };
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return { kind: "http", url: new URL(text) };
  return { kind: "directory" };
}

/** `github.com/owner/name`, as docker has taken it from the beginning. */
function github(text: string): string {
  const [, base, rest] = /^(github\.com\/[^?#]+?)(?:\.git)?\/?([?#].*)?$/.exec(text) ?? [];
  return base === undefined ? text : `https://${base}.git${rest ?? ""}`;
}
