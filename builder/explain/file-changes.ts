import { printable, type Bytes } from "../core/bytes.ts";
import type { ContentItem } from "../context/content-list.ts";
import { isDigest, type Digest } from "../core/digest.ts";
import type { Json } from "../core/json.ts";
import { insideRoot } from "../core/paths.ts";
import type { Op } from "../graph/types.ts";
import type { FileChange } from "./types.ts";

/** A step's content: what it is by the key, of which op, and the lists of its files. */
export interface Content {
  readonly op: Op;
  readonly content: Json;
  /** What a digest in `content` was taken of. */
  listOf(digest: Digest): readonly ContentItem[] | undefined;
}

const MAX_CHANGES = 100;

/** What is different in what a step takes, by path; undefined where one of the lists is missing. */
export function fileChanges(
  before: Content,
  after: Content,
): { readonly changes: readonly FileChange[]; readonly more: number } | undefined {
  const [was, is] = [filesOf(before), filesOf(after)];
  if (was === undefined || is === undefined) return undefined;
  const paths = [...new Set([...was.keys(), ...is.keys()])].sort();
  const changes: FileChange[] = [];
  let more = 0;
  for (const path of paths) {
    for (const change of changesOf(path, was.get(path), is.get(path))) {
      if (changes.length < MAX_CHANGES) changes.push(change);
      else more += 1;
    }
  }
  return { changes, more };
}

function changesOf(bytes: string, was: ContentItem | undefined, is: ContentItem | undefined): FileChange[] {
  const path = printable(bytes);
  if (was === undefined) return [{ path, what: "added" }];
  if (is === undefined) return [{ path, what: "removed" }];
  if (was.type !== is.type) return [{ path, what: "type", before: was.type, after: is.type }];
  const changes: FileChange[] = [];
  if (was.digest !== is.digest || was.size !== is.size || was.device !== is.device)
    changes.push({ path, what: "content" });
  // What --chmod or --chown says is in no list: that it came or went is a change of the instruction.
  if (was.mode !== undefined && is.mode !== undefined && was.mode !== is.mode)
    changes.push({ path, what: "mode", before: octal(was.mode), after: octal(is.mode) });
  if (was.owner !== undefined && is.owner !== undefined && was.owner !== is.owner)
    changes.push({ path, what: "owner", before: was.owner, after: is.owner });
  if (was.link !== is.link)
    changes.push({ path, what: "link", before: printable(was.link), after: printable(is.link) });
  if (was.xattrs !== is.xattrs) changes.push({ path, what: "attributes" });
  return changes;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/** All files of a step's content, by the paths that the Dockerfile knows them by. */
function filesOf({ op, content, listOf }: Content): Map<string, ContentItem> | undefined {
  const files = new Map<string, ContentItem>();
  for (const { prefix, value } of sourcesOf(op, content)) {
    if (!isObject(value)) return undefined;
    const { directory, name } = value;
    const digest = directory ?? value["digest"];
    if (!isDigest(digest)) return undefined;
    if (typeof name === "string" && isInline(op, name)) {
      files.set(name, { ...HEREDOC, path: name as Bytes, digest });
      continue;
    }
    const list = listOf(digest);
    if (list === undefined) return undefined;
    for (const item of list) files.set(pathOf(prefix, item.path, directory !== undefined), item);
  }
  return files;
}

/** The text of a heredoc has no list: its digest says whether it changed. */
const HEREDOC = {
  type: "file",
  mode: undefined,
  owner: undefined,
  size: 0,
  device: undefined,
  link: "" as Bytes,
  xattrs: "",
} as const;

/** Each thing that an op took, beside the path that its source is written with. */
function sourcesOf(op: Op, content: Json): { readonly prefix: string; readonly value: Json }[] {
  const lists = op.type === "exec" ? list(content).flatMap(list) : list(content);
  const written =
    op.type === "copy"
      ? op.sources.map((source) => (source.from === "input" ? source.path : ""))
      : op.type === "exec"
        ? op.mounts.flatMap((mount) => (mount.type === "bind" ? mount.source : []))
        : [];
  return lists.flatMap((value, index) => {
    const prefix = prefixOf(written[index] ?? "");
    return Array.isArray(value) ? value.map((part: Json) => ({ prefix, value: part })) : [{ prefix, value }];
  });
}

/** A pattern says no more than the files that it finds; --parents has a pivot, which what is copied begins at. */
function prefixOf(path: string): string {
  const pivot = path.indexOf("/./");
  const base = pivot < 0 ? path : path.slice(0, pivot);
  return /[*?[]/.test(base) ? base.slice(0, base.search(/[*?[]/)).replace(/[^/]*$/, "") : insideRoot(base);
}

function pathOf(prefix: string, path: string, isDirectory: boolean): string {
  if (!isDirectory)
    return prefix.endsWith(path) || prefix === "" ? prefix || path : `${prefix.replace(/\/$/, "")}/${path}`;
  return [prefix.replace(/\/$/, ""), path].filter((part) => part !== "").join("/") || ".";
}

function isInline(op: Op, name: string): boolean {
  return op.type === "copy" && op.sources.some((source) => source.from === "inline" && source.name === name);
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
