/** Pages of a b-tree of tables (https://www.sqlite.org/fileformat2.html#b_tree_pages). */
const INTERIOR = 5;
const LEAF = 13;
const HEADER = 100;

/**
 * The rows of a table of a SQLite database, each as its columns: numbers of a row are left out, texts and blobs are bytes.
 * Reads what the format says of tables with a row number, and nothing else; throws where a file is not as it says.
 */
export function* tableRows(database: Buffer, table: string): Generator<readonly (Buffer | undefined)[]> {
  if (database.toString("latin1", 0, 16) !== "SQLite format 3\0")
    throw new RangeError("it is no SQLite database");
  const size = database.readUInt16BE(16);
  const file = { database, pageSize: size === 1 ? 65_536 : size, reserved: database[20] ?? 0 };
  if (file.pageSize < 512) throw new RangeError("its pages have no size");
  for (const [type, name, , root] of rowsBelow(file, 1)) {
    if (type?.toString() !== "table" || name?.toString() !== table || root === undefined) continue;
    yield* rowsBelow(file, root.readUIntBE(0, root.length));
    return;
  }
}

interface Pages {
  readonly database: Buffer;
  readonly pageSize: number;
  readonly reserved: number;
}

function* rowsBelow(file: Pages, root: number): Generator<readonly (Buffer | undefined)[]> {
  const seen = new Set<number>();
  const todo = [root];
  for (let number = todo.pop(); number !== undefined; number = todo.pop()) {
    // A page that is its own parent would never end.
    if (seen.has(number)) throw new RangeError("its pages go in a circle");
    seen.add(number);
    const page = pageOf(file, number);
    const start = number === 1 ? HEADER : 0;
    const type = page.readUInt8(start);
    const cells = page.readUInt16BE(start + 3);
    if (type !== INTERIOR && type !== LEAF) throw new RangeError("it has a page that is no table's");
    const pointers = start + (type === LEAF ? 8 : 12);
    if (type === INTERIOR) todo.push(page.readUInt32BE(start + 8));
    const children: number[] = [];
    for (let cell = 0; cell < cells; cell++) {
      const offset = page.readUInt16BE(pointers + 2 * cell);
      if (type === INTERIOR) children.push(page.readUInt32BE(offset));
      else yield columnsOf(payloadAt(file, page, offset));
    }
    todo.push(...children.reverse());
  }
}

function pageOf({ database, pageSize }: Pages, number: number): Buffer {
  const from = (number - 1) * pageSize;
  if (number < 1 || from + pageSize > database.length) throw new RangeError("it ends too early");
  return database.subarray(from, from + pageSize);
}

/** A row's bytes: those that do not fit into the page go on in a chain of others. */
function payloadAt(file: Pages, page: Buffer, offset: number): Buffer {
  const [size, afterSize] = varint(page, offset);
  const [, at] = varint(page, afterSize);
  const usable = file.pageSize - file.reserved;
  const most = usable - 35;
  if (size <= most) return page.subarray(at, at + size);
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const spread = least + ((size - least) % (usable - 4));
  const here = spread <= most ? spread : least;
  if (size > file.database.length) throw new RangeError("it has a row that is larger than the file");
  const parts = [page.subarray(at, at + here)];
  let left = size - here;
  for (let next = page.readUInt32BE(at + here); left > 0;) {
    const overflow = pageOf(file, next);
    const part = overflow.subarray(4, 4 + Math.min(left, usable - 4));
    parts.push(part);
    left -= part.length;
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

function columnsOf(payload: Buffer): readonly (Buffer | undefined)[] {
  const [end, first] = varint(payload, 0);
  const columns: (Buffer | undefined)[] = [];
  let body = end;
  for (let at = first; at < end;) {
    const [type, next] = varint(payload, at);
    at = next;
    const length = lengthOf(type);
    columns.push(length === 0 && type < 12 ? undefined : payload.subarray(body, body + length));
    body += length;
  }
  return columns;
}

/** https://www.sqlite.org/fileformat2.html#record_format */
function lengthOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][type] ?? 0;
}

function varint(data: Buffer, at: number): readonly [number, number] {
  let value = 0;
  for (let index = 0; index < 9; index++) {
    const byte = data.readUInt8(at + index);
    if (index === 8) return [value * 256 + byte, at + 9];
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + index + 1];
  }
  throw new RangeError("it has a number that does not end");
}
