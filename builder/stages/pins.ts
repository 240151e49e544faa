import { isDigest, type Digest } from "../core/digest.ts";
import { isCommit } from "../net/git-url.ts";
import type { CopyFrom, Pins } from "./types.ts";

type Remote = Extract<CopyFrom, { readonly from: "http" | "git" }>;

/** A URL without what is nobody else's: user, password and fragment. */
export function urlKey(text: string): string {
  const url = new URL(text);
  url.username = "";
  url.password = "";
  url.hash = "";
  return url.href;
}

/** A repository and what of it is meant: `https://example.com/a.git#main`. */
export function gitKey({
  remote,
  ref,
}: {
  readonly remote: string;
  readonly ref?: string | undefined;
}): string {
  const bare = URL.canParse(remote) ? urlKey(remote) : remote;
  return ref === undefined ? bare : `${bare}#${ref}`;
}

/** Whether the Dockerfile itself says what a source is to be. */
export function isPinned(source: {
  readonly checksum?: string | undefined;
  readonly ref?: string | undefined;
}): boolean {
  const { checksum, ref } = source;
  return [checksum, ref].some((text) => text !== undefined && (isDigest(text) || isCommit(text)));
}

/** A source as its pin says, where it has one and needs one. */
export function withPin<S extends Remote>(source: S, pins: Pins | undefined): S {
  if (pins === undefined || isPinned(source)) return source;
  if (source.from === "http") {
    const digest = pins.urls[urlKey(source.url)];
    return digest === undefined ? source : { ...source, checksum: digest as Digest };
  }
  const commit = pins.git[gitKey(source)];
  return commit === undefined ? source : { ...source, ref: commit };
}
