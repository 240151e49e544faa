import { printable, type Bytes } from "../core/bytes.ts";
import type { Entry, EntryType } from "../core/entry.ts";
import { baseOf, joinPath, parentOf } from "../core/paths.ts";
import { invalid } from "./invalid-archive.ts";
import type { RawHeader } from "./tar-extract.ts";
import { CAPABILITY, CAPABILITY_RECORD } from "./tar-header.ts";
import { OPAQUE_NAME, WHITEOUT_PREFIX } from "./tar-writer.ts";

/** What a header of a layer's tar means; undefined: nothing that matters. */
export type Meaning =
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "whiteout" | "opaque"; readonly path: Bytes }
  | undefined;

const TYPES: ReadonlyMap<string | null, EntryType> = new Map<string, EntryType>([
  ["file", "file"],
  ["contiguous-file", "file"],
  ["link", "hardlink"],
  ["symlink", "symlink"],
  ["character-device", "character"],
  ["block-device", "block"],
  ["directory", "directory"],
  ["fifo", "fifo"],
]);

/** Linux: PATH_MAX and NAME_MAX, less the final NUL. */
const MAX_PATH = 4095;
const MAX_NAME = 255;
/** One less than (uid_t)-1, which chown(2) takes for "leave it". */
const MAX_ID = 0xfffffffe;
/** What ext4 and xfs can store, and no date that somebody meant lies outside. */
const MAX_TIME = 2 ** 35;
/** Linux: 12 bits and 20 bits. */
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;
/** The kernel's largest is 24 bytes (linux/capability.h, vfs_ns_cap_data). */
const MAX_CAPABILITY = 64;
/** AUFS kept its own files beside whiteouts, under names with this prefix. */
const AUFS_PREFIX = ".wh..wh.";

/** Judges a header from outside: every value is in bounds afterwards, every path stays inside the root. */
export function readHeader(header: RawHeader, pax: ReadonlyMap<string, Bytes>, whiteouts: boolean): Meaning {
  const path = insidePath(header.name, "name");
  if (path === "") return undefined;
  if (whiteouts) {
    const marker = readMarker(path);
    if (marker !== "none") return marker;
  }
  // v7 has no type for directories; tar-stream means to see to it, but too late.
  const directory = header.type === "file" && header.name.endsWith("/") && header.size === 0;
  const type = directory ? "directory" : TYPES.get(header.type);
  if (type === undefined) throw bad(path, "is of a kind that is not known");
  for (const key of pax.keys())
    if (key.startsWith("GNU.sparse.")) throw bad(path, "is stored as a sparse file");
  const capability = pax.get(CAPABILITY_RECORD);
  if (capability !== undefined && capability.length > MAX_CAPABILITY)
    throw bad(path, "has a capability too long");
  const entry: Entry = {
    path,
    type,
    mode: bounded(header.mode, 2 ** 32, path, "mode") & 0o7777,
    uid: bounded(decimal(pax.get("uid")) ?? header.uid, MAX_ID, path, "user id"),
    gid: bounded(decimal(pax.get("gid")) ?? header.gid, MAX_ID, path, "group id"),
    size: type === "file" ? header.size : 0,
    mtime: timeOf(pax.get("mtime"), header.mtime),
    ...(capability ? { xattrs: { [CAPABILITY]: capability } } : {}),
  };
  switch (type) {
    case "symlink":
      return { kind: "entry", entry: { ...entry, link: symlinkTarget(header.linkname, path) } };
    case "hardlink":
      return { kind: "entry", entry: { ...entry, link: hardlinkTarget(header.linkname, path, whiteouts) } };
    case "character":
    case "block": {
      const major = bounded(header.devmajor, MAX_MAJOR, path, "device number");
      const minor = bounded(header.devminor, MAX_MINOR, path, "device number");
      return { kind: "entry", entry: { ...entry, major, minor } };
    }
    default:
      return { kind: "entry", entry };
  }
}

/** OCI image-spec, layer.md#whiteouts. */
function readMarker(path: Bytes): Meaning | "none" {
  if (!path.includes(WHITEOUT_PREFIX)) return "none";
  const name = baseOf(path);
  const parent = parentOf(path);
  if (name === OPAQUE_NAME) return { kind: "opaque", path: realParent(parent, path) };
  if (path.split("/").some((part) => part.startsWith(AUFS_PREFIX))) return undefined;
  realParent(parent, path);
  if (!name.startsWith(WHITEOUT_PREFIX)) return "none";
  const hidden = name.slice(WHITEOUT_PREFIX.length);
  if (hidden === "" || hidden === "." || hidden === "..") throw bad(path, "deletes nothing that has a name");
  return { kind: "whiteout", path: joinPath(parent, hidden) };
}

function realParent(parent: Bytes, path: Bytes): Bytes {
  if (!parent.split("/").some((part) => part.startsWith(WHITEOUT_PREFIX))) return parent;
  throw bad(path, "lies below a deletion");
}

/** As docker does, a leading slash and `.` mean nothing; unlike it, `..` is refused wherever it stands. */
function insidePath(name: string, what: string): Bytes {
  if (name.includes("\0")) throw bad(name as Bytes, `has a NUL in its ${what}`);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  for (const part of parts) {
    if (part === "..") throw bad(name as Bytes, `has ".." in its ${what}`);
    if (part.length > MAX_NAME) throw bad(name as Bytes, `has a ${what} too long`);
  }
  const path = parts.join("/") as Bytes;
  if (path.length > MAX_PATH) throw bad(path, `has a ${what} too long`);
  return path;
}

function symlinkTarget(target: string | null, path: Bytes): Bytes {
  if (!target) throw bad(path, "is a symbolic link to nowhere");
  if (target.length > MAX_PATH || target.includes("\0")) throw bad(path, "has an impossible link target");
  return target as Bytes;
}

function hardlinkTarget(target: string | null, path: Bytes, whiteouts: boolean): Bytes {
  const inside = insidePath(target ?? "", "link target");
  if (inside === "" || inside === path) throw bad(path, "is a hard link to itself or to nothing");
  if (whiteouts && inside.split("/").some((part) => part.startsWith(WHITEOUT_PREFIX))) {
    throw bad(path, "is a hard link to a deletion");
  }
  return inside;
}

function decimal(text: string | undefined): number | undefined {
  if (!text) return undefined;
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}

function bounded(value: number, max: number, path: Bytes, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw bad(path, `has an impossible ${what}`);
}

/** Whole seconds, downwards; 0 for a time that no file system stores, as docker does. */
function timeOf(record: string | undefined, header: Date): number {
  const valid = record !== undefined && /^-?\d{1,20}(\.\d{0,20})?$/.test(record);
  // tar-stream forgets the one of two's complement.
  const plain = header.getTime() < 0 ? header.getTime() / 1000 - 1 : header.getTime() / 1000;
  const time = Math.floor(valid ? Number(record) : plain);
  return Math.abs(time) <= MAX_TIME ? time + 0 : 0;
}

function bad(path: Bytes, state: string): Error {
  const name = printable(path);
  return invalid(`"${name.length > 200 ? `${name.slice(0, 200)}…` : name}" ${state}`);
}
