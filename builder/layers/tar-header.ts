import { printable, type Bytes } from "../core/bytes.ts";
import type { Entry, EntryType } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { encodePax } from "./tar-pax.ts";

/** Tar counts in blocks of this size. */
export const BLOCK = 512;

const TYPE_FLAGS: Readonly<Record<EntryType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};

const NAME = 100;
const PREFIX = 155;
/** What seven and eleven octal digits hold. */
const OCTAL_7 = 0o7777777;
const OCTAL_11 = 0o77777777777;
const PRINTABLE = /^[\x20-\x7e]*$/;

/** The one extended attribute that a layer keeps (BuildKit, vendored archive/diff code: security.capability). */
export const CAPABILITY = "security.capability";
export const CAPABILITY_RECORD = `SCHILY.xattr.${CAPABILITY}`;

/** The pax records that an entry needs because its plain header cannot hold a value; undefined for most entries. */
export function paxFor(entry: Entry, name: string): Buffer | undefined {
  const link = entry.link ?? "";
  const capability = entry.xattrs?.[CAPABILITY];
  const plain =
    capability === undefined &&
    entry.uid <= OCTAL_7 &&
    entry.gid <= OCTAL_7 &&
    entry.size <= OCTAL_11 &&
    entry.mtime >= 0 &&
    entry.mtime <= OCTAL_11 &&
    link.length <= NAME &&
    PRINTABLE.test(name) &&
    PRINTABLE.test(link) &&
    (name.length <= NAME || splitAt(name) > 0);
  if (plain) return undefined;
  const records: [string, string][] = [];
  if (capability !== undefined) records.push([CAPABILITY_RECORD, capability]);
  if (entry.gid > OCTAL_7) records.push(["gid", String(entry.gid)]);
  if (link.length > NAME || !PRINTABLE.test(link)) records.push(["linkpath", link]);
  if (entry.mtime < 0 || entry.mtime > OCTAL_11) records.push(["mtime", String(entry.mtime)]);
  if (!PRINTABLE.test(name) || (name.length > NAME && splitAt(name) <= 0)) records.push(["path", name]);
  if (entry.size > OCTAL_11) records.push(["size", String(entry.size)]);
  if (entry.uid > OCTAL_7) records.push(["uid", String(entry.uid)]);
  return encodePax(records);
}

/** Where a name too long for the name field is cut in two for the prefix field; 0 where it cannot be. */
function splitAt(name: string): number {
  const slash = name.lastIndexOf("/", Math.min(PREFIX, name.length - 2));
  return slash > 0 && name.length - slash - 1 <= NAME ? slash : 0;
}

/** Writes the ustar header of an entry into 512 bytes of `buffer`. What does not fit stands in the pax records. */
export function writeHeader(buffer: Buffer, at: number, entry: Entry, name: string): void {
  const split = name.length > NAME ? splitAt(name) : 0;
  const link = entry.link ?? "";
  const header = clear(buffer, at);
  header.write(split > 0 ? name.slice(split + 1) : name.slice(0, NAME), at, "latin1");
  octal(buffer, at + 100, 7, entry.mode);
  octal(buffer, at + 108, 7, entry.uid <= OCTAL_7 ? entry.uid : 0);
  octal(buffer, at + 116, 7, entry.gid <= OCTAL_7 ? entry.gid : 0);
  octal(buffer, at + 124, 11, entry.size <= OCTAL_11 ? entry.size : 0);
  octal(buffer, at + 136, 11, entry.mtime >= 0 && entry.mtime <= OCTAL_11 ? entry.mtime : 0);
  buffer.write(TYPE_FLAGS[entry.type], at + 156, "latin1");
  if (link !== "") buffer.write(link.slice(0, NAME), at + 157, "latin1");
  if (entry.type === "character" || entry.type === "block") {
    octal(buffer, at + 329, 7, device(entry, entry.major));
    octal(buffer, at + 337, 7, device(entry, entry.minor));
  }
  if (split > 0) buffer.write(name.slice(0, split), at + 345, "latin1");
  finishHeader(buffer, at);
}

/** The header before pax records. Its name is never used: readers take the next header's. */
export function writePaxHeader(buffer: Buffer, at: number, size: number): void {
  clear(buffer, at).write("././@PaxHeader", at, "latin1");
  octal(buffer, at + 100, 7, 0o644);
  octal(buffer, at + 108, 7, 0);
  octal(buffer, at + 116, 7, 0);
  octal(buffer, at + 124, 11, size);
  octal(buffer, at + 136, 11, 0);
  buffer.write("x", at + 156, "latin1");
  finishHeader(buffer, at);
}

function clear(buffer: Buffer, at: number): Buffer {
  return buffer.fill(0, at, at + BLOCK);
}

function finishHeader(buffer: Buffer, at: number): void {
  buffer.write("ustar\x0000", at + 257, "latin1");
  // The checksum counts its own field as eight spaces.
  let sum = 8 * 0x20;
  for (let i = at; i < at + BLOCK; i++) sum += buffer[i] ?? 0;
  octal(buffer, at + 148, 6, sum);
  buffer[at + 155] = 0x20;
}

function octal(buffer: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    buffer[i] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}

function device(entry: Entry, number: number | undefined): number {
  if (number !== undefined && number >= 0 && number <= OCTAL_7) return number;
  throw new TsbuildError(
    "ARCHIVE_INVALID",
    `Cannot store "${printable(entry.path)}": device number ${number} does not fit`,
  );
}

/** The name as it stands in a tar: a directory's ends in a slash. */
export function tarName(entry: Entry): Bytes {
  return (entry.type === "directory" ? `${entry.path}/` : entry.path) as Bytes;
}
