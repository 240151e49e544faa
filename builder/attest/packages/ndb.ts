const MAGIC = "RpmP";
const SLOT = "Slot";
const BLOB = "BlbS";
const PAGE = 4096;
/** Of a slot, of a blob's head, and of what offsets count. */
const UNIT = 16;
/** The file's header takes the place of the first slots. */
const HEADER = 32;

/** The blobs of openSUSE's database of packages (rpm's lib/backend/ndb/rpmpkg.c): slots that say where each one lies. */
export function* ndbBlobs(database: Buffer): Generator<Buffer> {
  if (database.toString("latin1", 0, 4) !== MAGIC) throw new RangeError("it is no database of ndb");
  if (database.readUInt32LE(4) !== 0) throw new RangeError("it is of another version");
  const end = database.readUInt32LE(12) * PAGE;
  for (let slot = HEADER; slot < end; slot += UNIT) {
    if (database.toString("latin1", slot, slot + 4) !== SLOT) throw new RangeError("it has a broken slot");
    const at = database.readUInt32LE(slot + 8) * UNIT;
    if (at === 0) continue;
    const size = database.readUInt32LE(at + 12);
    const isWhole = at + UNIT + size <= database.length;
    if (database.toString("latin1", at, at + 4) !== BLOB || !isWhole)
      throw new RangeError("it has a broken blob");
    yield database.subarray(at + UNIT, at + UNIT + size);
  }
}
