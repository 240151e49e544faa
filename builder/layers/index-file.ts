import type { Bytes } from "../core/bytes.ts";
import { hexOf, sha256Bytes, type Digest } from "../core/digest.ts";
import type { Entry, EntryType } from "../core/entry.ts";
import type { LayerChange, LayerIndex } from "./types.ts";

/**
 * A layer's index as a file: numbers in columns, strings in one block, rare things as JSON, and a checksum, so that
 * 20,000 entries are read in the time of a few frames and a torn file is noticed.
 *
 *     "TSBI" version:u32 count:u32 strings:u32 extras:u32 digests:u32
 *     size mtime offset: f64[count]   uid gid: u32[count]   mode: u16[count]   kind: u8[count]
 *     digests: of files, zeros where it is not known: u8[32 * count], or nothing where none is known
 *     strings: paths and links, each ended by NUL   extras: JSON   sha256 of all before
 */
const MAGIC = "TSBI";
const VERSION = 1;
const HEAD = 24;
const PER_CHANGE = 8 * 3 + 4 * 2 + 2 + 1;
const HASH = 32;
const CHECKSUM = 32;

const TYPES: readonly EntryType[] = [
  "file",
  "directory",
  "symlink",
  "hardlink",
  "character",
  "block",
  "fifo",
];
const WHITEOUT = TYPES.length;
const OPAQUE = TYPES.length + 1;

/** In place of a digest. */
const UNKNOWN = "0".repeat(2 * HASH);

/** What few entries have. */
interface Extra {
  readonly major?: number;
  readonly minor?: number;
  readonly xattrs?: Readonly<Record<string, Bytes>>;
  readonly data?: Bytes;
}

/** The bytes of an index; `parseIndex` reads them. */
export function serializeIndex(index: LayerIndex): Buffer {
  const count = index.changes.length;
  const numbers = new Float64Array(count * 3);
  const owners = new Uint32Array(count * 2);
  const modes = new Uint16Array(count);
  const kinds = new Uint8Array(count);
  const strings: string[] = [];
  const extras: [number, Extra][] = [];
  const known = index.changes.some((change) => change.kind === "entry" && change.digest !== undefined);
  const digests = Buffer.alloc(known ? count * HASH : 0);
  index.changes.forEach((change, i) => {
    if (change.kind !== "entry") {
      kinds[i] = change.kind === "whiteout" ? WHITEOUT : OPAQUE;
      strings.push(change.path);
      return;
    }
    const { entry } = change;
    kinds[i] = TYPES.indexOf(entry.type);
    numbers[i] = entry.size;
    numbers[count + i] = entry.mtime;
    numbers[2 * count + i] = change.offset ?? -1;
    owners[i] = entry.uid;
    owners[count + i] = entry.gid;
    modes[i] = entry.mode;
    strings.push(entry.path);
    if (change.digest !== undefined) digests.write(hexOf(change.digest), i * HASH, "hex");
    if (entry.type === "symlink" || entry.type === "hardlink") strings.push(entry.link ?? "");
    const extra = extraOf(change);
    if (extra !== undefined) extras.push([i, extra]);
  });
  const text = Buffer.from(strings.length === 0 ? "" : `${strings.join("\0")}\0`, "latin1");
  const rare = Buffer.from(JSON.stringify(extras), "utf8");
  const head = Buffer.alloc(HEAD);
  head.write(MAGIC, "latin1");
  [VERSION, count, text.length, rare.length, digests.length].forEach((value, i) =>
    head.writeUInt32LE(value, 4 + 4 * i),
  );
  const columns = [numbers, owners, modes, kinds].map((column) => Buffer.from(column.buffer));
  const body = Buffer.concat([head, ...columns, digests, text, rare]);
  return Buffer.concat([body, sha256Bytes(body)]);
}

/** The index that a file holds; undefined where the file is torn or of another version. */
export function parseIndex(file: Buffer): LayerIndex | undefined {
  if (file.length < HEAD + CHECKSUM || file.toString("latin1", 0, 4) !== MAGIC) return undefined;
  const count = file.readUInt32LE(8);
  const textSize = file.readUInt32LE(12);
  const rareSize = file.readUInt32LE(16);
  const digestsSize = file.readUInt32LE(20);
  if (digestsSize !== 0 && digestsSize !== count * HASH) return undefined;
  const digestsAt = HEAD + count * PER_CHANGE;
  const textAt = digestsAt + digestsSize;
  const end = textAt + textSize + rareSize;
  if (file.readUInt32LE(4) !== VERSION || file.length !== end + CHECKSUM) return undefined;
  if (!sha256Bytes(file.subarray(0, end)).equals(file.subarray(end))) return undefined;
  // Typed arrays want their start aligned, which a piece of Node's buffer pool is not.
  const columns = new Uint8Array(file.subarray(HEAD, digestsAt)).buffer;
  const numbers = new Float64Array(columns, 0, count * 3);
  const owners = new Uint32Array(columns, count * 24, count * 2);
  const modes = new Uint16Array(columns, count * 32, count);
  const kinds = new Uint8Array(columns, count * 34, count);
  const strings = file.toString("latin1", textAt, textAt + textSize).split("\0") as Bytes[];
  const extras = new Map(JSON.parse(file.toString("utf8", textAt + textSize, end)) as [number, Extra][]);
  // In one go: 20,000 calls would cost more than all else here.
  const digests = file.toString("hex", digestsAt, textAt);
  const changes: LayerChange[] = [];
  let next = 0;
  for (let i = 0; i < count; i++) {
    const kind = kinds[i] ?? 0;
    const path = strings[next++] ?? ("" as Bytes);
    if (kind >= WHITEOUT) {
      changes.push({ kind: kind === WHITEOUT ? "whiteout" : "opaque", path });
      continue;
    }
    const type = TYPES[kind] ?? "file";
    const plain: Entry = {
      path,
      type,
      mode: modes[i] ?? 0,
      uid: owners[i] ?? 0,
      gid: owners[count + i] ?? 0,
      size: numbers[i] ?? 0,
      mtime: numbers[count + i] ?? 0,
    };
    const linked = type === "symlink" || type === "hardlink";
    const entry = linked ? { ...plain, link: strings[next++] ?? ("" as Bytes) } : plain;
    const offset = numbers[2 * count + i] ?? -1;
    const digest = digests.slice(i * 2 * HASH, (i + 1) * 2 * HASH);
    const change: LayerChange =
      offset < 0
        ? { kind: "entry", entry }
        : digest === "" || digest === UNKNOWN
          ? { kind: "entry", entry, offset }
          : { kind: "entry", entry, offset, digest: `sha256:${digest}` as Digest };
    const extra = extras.get(i);
    changes.push(extra === undefined ? change : withExtra(change, extra));
  }
  return { changes };
}

function extraOf(change: Extract<LayerChange, { kind: "entry" }>): Extra | undefined {
  const { major, minor, xattrs } = change.entry;
  if (major === undefined && minor === undefined && xattrs === undefined && change.data === undefined) {
    return undefined;
  }
  return {
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    ...(xattrs === undefined ? {} : { xattrs }),
    ...(change.data === undefined ? {} : { data: change.data }),
  };
}

function withExtra(change: Extract<LayerChange, { kind: "entry" }>, extra: Extra): LayerChange {
  const { data, ...ofEntry } = extra;
  return { ...change, entry: { ...change.entry, ...ofEntry }, ...(data === undefined ? {} : { data }) };
}
