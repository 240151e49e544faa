import { readFileSync, statSync } from "node:fs";
import type { Bytes } from "../core/bytes.ts";
import { hexOf, isDigest, sha256, type Digest } from "../core/digest.ts";
import type { Entry, EntryType } from "../core/entry.ts";
import type { Store } from "../store/types.ts";

/** Something that a COPY, ADD or bind mount takes, as far as it is part of the key. */
export interface ContentItem {
  /** Relative to the directory that is copied; the name alone where a single file is. */
  readonly path: Bytes;
  /** "parent": a directory that is there only for what is in it. */
  readonly type: EntryType | "parent";
  /** Undefined where --chmod replaces it, and of a symlink. */
  readonly mode: number | undefined;
  /** `uid:gid`; undefined where the source's owner does not count. */
  readonly owner: string | undefined;
  readonly size: number;
  /** `major:minor`. */
  readonly device: string | undefined;
  /** Target of a symlink. */
  readonly link: Bytes;
  /** Names and values, framed. */
  readonly xattrs: string;
  /** Of a regular file's bytes. */
  readonly digest: Digest | undefined;
}

/** Which properties of an entry come from the source. */
export interface Take {
  readonly mode: boolean;
  readonly owner: boolean;
}

/** A list that is longer is not kept: it would be read for nothing but names in a message. */
const MAX_KEPT = 64 << 20;

/**
 * The text of an item but for the digest that follows a regular file's. Each field of variable length has its length in
 * front: no two trees describe themselves alike.
 */
export function describeItem(name: Bytes, entry: Entry, take: Take, isParent: boolean): string {
  const mode = take.mode && entry.type !== "symlink" ? entry.mode : "";
  const owner = take.owner ? `${entry.uid}:${entry.gid}` : "";
  const device = entry.major === undefined ? "" : `${entry.major}:${entry.minor ?? 0}`;
  const xattrs = entry.xattrs === undefined ? "" : describeXattrs(entry.xattrs);
  const type = isParent ? "parent" : entry.type;
  return `${framed(name)}${type} ${mode} ${owner} ${entry.size} ${device} ${framed(entry.link ?? "")}${framed(xattrs)}`;
}

/** Keeps a list by its digest, which is what stands in a cache key: contents/ of the store. */
export function keepContentList(store: Store, digest: Digest, list: readonly Buffer[]): void {
  const path = store.path("contents", hexOf(digest));
  const size = list.reduce((sum, part) => sum + part.length, 0);
  if (size <= MAX_KEPT && statSync(path, { throwIfNoEntry: false })?.size !== size)
    store.writeFile(path, Buffer.concat(list));
}

/**
 * What a content digest of a key (`content` of a cache record's inputs) was made of, in the order of paths; undefined
 * where it was not kept, or where the file is torn.
 */
export function readContentList(store: Store, digest: Digest): readonly ContentItem[] | undefined {
  let data: Buffer;
  try {
    data = readFileSync(store.path("contents", hexOf(digest)));
  } catch {
    return undefined;
  }
  return sha256(data) === digest ? parseContentList(data.toString("latin1")) : undefined;
}

const DIGEST_LENGTH = "sha256:".length + 64;

/** The items of a list's text; undefined where it is malformed. */
export function parseContentList(text: string): readonly ContentItem[] | undefined {
  const items: ContentItem[] = [];
  for (let at = 0; at < text.length;) {
    const path = unframed(text, at);
    if (path === undefined) return undefined;
    const fields = /([a-z]+) (\d*) ([\d:]*) (\d+) ([\d:]*) /y;
    fields.lastIndex = path.end;
    const [, type, mode, owner, size, device] = fields.exec(text) ?? [];
    const link = unframed(text, fields.lastIndex);
    const xattrs = link && unframed(text, link.end);
    if (type === undefined || link === undefined || xattrs === undefined) return undefined;
    at = xattrs.end;
    const digest = type === "file" ? text.slice(at, at + DIGEST_LENGTH) : undefined;
    if (digest !== undefined && !isDigest(digest)) return undefined;
    at += digest?.length ?? 0;
    items.push({
      path: path.value as Bytes,
      type: type as ContentItem["type"],
      mode: mode === "" ? undefined : Number(mode),
      owner: owner === "" ? undefined : owner,
      size: Number(size),
      device: device === "" ? undefined : device,
      link: link.value as Bytes,
      xattrs: xattrs.value,
      digest,
    });
  }
  return items;
}

function describeXattrs(xattrs: NonNullable<Entry["xattrs"]>): string {
  return Object.entries(xattrs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => framed(key) + framed(value))
    .join("");
}

function framed(text: string): string {
  return `${text.length}:${text}`;
}

function unframed(text: string, at: number): { readonly value: string; readonly end: number } | undefined {
  const colon = text.indexOf(":", at);
  if (colon < 0 || colon - at > 10) return undefined;
  const length = Number(text.slice(at, colon));
  const end = colon + 1 + length;
  return Number.isSafeInteger(length) && end <= text.length
    ? { value: text.slice(colon + 1, end), end }
    : undefined;
}
