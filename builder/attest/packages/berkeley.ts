const HASH_MAGIC = 0x061561;
const HEADER = 26;
/** Types of pages, and of what is in one (Berkeley DB's src/dbinc/db_page.h). */
const HASH_PAGES: ReadonlySet<number> = new Set([2, 13]);
const OVERFLOW = 7;
const INLINE = 1;
const ELSEWHERE = 3;

/** The values of a hash of Berkeley DB, which rpm before 4.16 keeps packages in; in the order of its pages. */
export function* berkeleyValues(database: Buffer): Generator<Buffer> {
  const read = byteOrder(database);
  const size = read.word(20);
  if (size < 512 || size > 65_536 || size % 2 !== 0) throw new RangeError("its pages have no size");
  for (let start = size; start + size <= database.length; start += size) {
    if (!HASH_PAGES.has(database.readUInt8(start + 25))) continue;
    const count = read.short(start + 20);
    // A key and its value, one after the other; they grow from the end of the page.
    for (let index = 1; index < count; index += 2) {
      const offsetOf = (number: number): number => read.short(start + HEADER + 2 * number);
      const at = start + offsetOf(index);
      const type = database.readUInt8(at);
      if (type === INLINE) yield database.subarray(at + 1, start + offsetOf(index - 1));
      else if (type === ELSEWHERE) yield chained(database, size, read, read.word(at + 4), read.word(at + 8));
    }
  }
}

/** A value that goes over pages of its own. */
function chained(database: Buffer, size: number, read: ByteOrder, first: number, length: number): Buffer {
  if (length > database.length) throw new RangeError("it has a value that is larger than the file");
  const parts: Buffer[] = [];
  let got = 0;
  for (let number = first; got < length;) {
    const start = number * size;
    if (number === 0 || start + size > database.length) throw new RangeError("it ends too early");
    const used = read.short(start + 22);
    // All but the last one are full.
    const wanted = Math.min(length - got, size - HEADER);
    if (database.readUInt8(start + 25) !== OVERFLOW || used < wanted || HEADER + used > size)
      throw new RangeError("it has a broken chain of pages");
    parts.push(database.subarray(start + HEADER, start + HEADER + used));
    got += used;
    number = read.word(start + 16);
  }
  return Buffer.concat(parts).subarray(0, length);
}

interface ByteOrder {
  word(at: number): number;
  short(at: number): number;
}

/** Databases are of the byte order of the machine that made them. */
function byteOrder(database: Buffer): ByteOrder {
  if (database.length > 512 && database.readUInt32LE(12) === HASH_MAGIC)
    return { word: (at) => database.readUInt32LE(at), short: (at) => database.readUInt16LE(at) };
  if (database.length > 512 && database.readUInt32BE(12) === HASH_MAGIC)
    return { word: (at) => database.readUInt32BE(at), short: (at) => database.readUInt16BE(at) };
  throw new RangeError("it is no hash of Berkeley DB");
}
