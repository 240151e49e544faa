import { createHash, hash, type Hash } from "node:crypto";
import type { Digest } from "./digest.ts";

/** Numbers for each span: where it begins and ends in its piece, and whether the file ends there as well (0 or 1). */
const COLUMNS = 3;
const HASH = 32;

/** Notes where contents of files lie in the pieces of a larger file. */
export class FileSpans {
  #numbers: number[] = [];

  /** Bytes of a piece, up to `to`, that belong to the file of which bytes were noted last, or to a new one where that has ended. */
  add(from: number, to: number, ends: boolean): void {
    this.#numbers.push(from, to, ends ? 1 : 0);
  }

  /** Ends a piece: what was noted of it, if anything. */
  take(): Int32Array | undefined {
    if (this.#numbers.length === 0) return undefined;
    const spans = Int32Array.from(this.#numbers);
    this.#numbers = [];
    return spans;
  }
}

/** Whether no file begins before a piece with these spans, or ends behind it; `open`: whether one had not ended before. */
export function areWhole(spans: Int32Array, open: boolean): boolean {
  for (let at = COLUMNS - 1; at < spans.length; at += COLUMNS) if (spans[at] === 0) return false;
  return !open;
}

/** Whether a file goes on behind a piece with these spans. */
export function goesOn(spans: Int32Array): boolean {
  return spans.at(-1) === 0;
}

/** Takes the sha256 of files whose contents come in pieces, one file after the other. */
export class SpanHasher {
  /** Of a file that goes on in the next span. */
  #open: Hash | undefined;

  /** The digests of the files that end in this piece, 32 bytes each. */
  take(data: Uint8Array, spans: Int32Array): Uint8Array {
    const digests = Buffer.alloc((spans.length / COLUMNS) * HASH);
    let count = 0;
    for (let at = 0; at < spans.length; at += COLUMNS) {
      const content = data.subarray(spans[at], spans[at + 1]);
      if (spans[at + 2] === 1) digests.write(this.#end(content), HASH * count++, "hex");
      else (this.#open ??= createHash("sha256")).update(content);
    }
    return digests.subarray(0, count * HASH);
  }

  #end(content: Uint8Array): string {
    const open = this.#open;
    // Without an object for each of 20,000 small files.
    if (open === undefined) return hash("sha256", content, "hex");
    this.#open = undefined;
    return open.update(content).digest("hex");
  }
}

/** Digests that stand one after the other, 32 bytes each. */
export function digestsIn(bytes: Uint8Array): Digest[] {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  return Array.from(
    { length: bytes.length / HASH },
    (_, at) => `sha256:${hex.slice(2 * HASH * at, 2 * HASH * (at + 1))}` as Digest,
  );
}
