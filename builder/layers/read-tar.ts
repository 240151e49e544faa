import type { Bytes } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import { readHeader } from "./tar-entry.ts";
import { invalid } from "./invalid-archive.ts";
import { TarExtract } from "./tar-extract.ts";

/** Called in the order of the archive. Nothing here has been believed: paths are inside the root, numbers in bounds. */
export interface TarVisitor {
  /** `offset`: where the data of a regular file begins in the archive. */
  entry(entry: Entry, offset: number): void;
  /** Bytes of the regular file that came last; valid until the next chunk of the source. */
  data(chunk: Buffer): void;
  whiteout(path: Bytes): void;
  opaque(path: Bytes): void;
  /** Asked from time to time: reading goes on when the promise resolves. */
  drain?(): Promise<void> | undefined;
}

export interface TarOptions {
  /** Names with `.wh.` are deletions, as in a layer; false: they are files, as in an archive that ADD unpacks. */
  readonly whiteouts?: boolean;
  /** More entries are refused. */
  readonly maxEntries?: number;
}

const MAX_ENTRIES = 10_000_000;
/** How much is taken apart before the visitor is asked whether it can follow. */
const SLICE = 256 * 1024;

/**
 * Reads a tar from outside: v7, ustar, pax or GNU. What cannot be represented, or would lead out of the root, is an
 * error; the data behind it is never given to the visitor.
 */
export async function readTar(
  source: AsyncIterable<Uint8Array>,
  visitor: TarVisitor,
  options: TarOptions = {},
): Promise<void> {
  const { whiteouts = true, maxEntries = MAX_ENTRIES } = options;
  let entries = 0;
  let taking = false;
  const extract = await TarExtract.open({
    header(header, pax) {
      if (++entries > maxEntries) throw invalid(`it has more than ${maxEntries} entries`);
      const meaning = readHeader(header, pax, whiteouts);
      taking = meaning?.kind === "entry";
      if (meaning?.kind === "entry") visitor.entry(meaning.entry, header.byteOffset);
      else if (meaning?.kind === "whiteout") visitor.whiteout(meaning.path);
      else if (meaning?.kind === "opaque") visitor.opaque(meaning.path);
    },
    data(chunk) {
      if (taking) visitor.data(chunk);
    },
  });
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += SLICE) {
      extract.write(chunk.subarray(at, at + SLICE));
      const wait = visitor.drain?.();
      if (wait !== undefined) await wait;
    }
  }
  extract.end();
}
