import { invalid } from "../invalid-archive.ts";

const MAGIC = 0xfd2fb528;
/** The lowest four bits are anything. */
const SKIPPED = 0x184d2a50;

/** What a frame says of itself (RFC 8878, 3.1.1.1), or how long one is that is to be skipped (3.1.2). */
export type Header =
  | { readonly kind: "skippable"; readonly length: number; readonly skip: number }
  | {
      readonly kind: "frame";
      /** Of the header itself, in bytes. */
      readonly length: number;
      /** How far back its content refers. */
      readonly window: number;
      /** Of the content, where it is known. */
      readonly size: number | undefined;
      /** Whether a checksum of the content stands behind it. */
      readonly hasChecksum: boolean;
    };

/** The header that begins at `at`, where `have` bytes are there; or how many are needed before it can be read. */
export function parseHeader(view: DataView, at: number, have: number): Header | number {
  if (have < 5) return 5;
  const magic = view.getUint32(at, true);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPED)
    return have < 8 ? 8 : { kind: "skippable", length: 8, skip: view.getUint32(at + 4, true) };
  if (magic !== MAGIC) throw invalid("its zstd data has something between its frames");
  const flags = view.getUint8(at + 4);
  const isSingle = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  const sizeBytes = flags >> 6 === 0 ? Number(isSingle) : 1 << (flags >> 6);
  if ((flags & 8) !== 0) throw invalid("its zstd data has a frame of a kind that is not known");
  const windowAt = 5;
  const dictionaryAt = windowAt + (isSingle ? 0 : 1);
  const sizeAt = dictionaryAt + dictionaryBytes;
  const length = sizeAt + sizeBytes;
  if (have < length) return length;
  const dictionary = numberAt(view, at + dictionaryAt, dictionaryBytes);
  if (dictionary !== 0) throw invalid(`its zstd data needs dictionary ${dictionary}`);
  const size = numberAt(view, at + sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const descriptor = view.getUint8(at + windowAt);
  const base = 2 ** (10 + (descriptor >> 3));
  return {
    kind: "frame",
    length,
    window: isSingle ? size : base + (base / 8) * (descriptor & 7),
    size: sizeBytes === 0 ? undefined : size,
    hasChecksum: (flags & 4) !== 0,
  };
}

function numberAt(view: DataView, at: number, bytes: number): number {
  let value = 0;
  for (let i = at + bytes - 1; i >= at; i--) value = value * 256 + view.getUint8(i);
  return value;
}
