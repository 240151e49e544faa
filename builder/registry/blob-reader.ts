/** A blob that is being read, and what is left of the piece that came last. */
interface Reading {
  readonly chunks: AsyncIterator<Uint8Array>;
  rest: Uint8Array;
  position: number;
  /** Somebody reads, or broke off in the middle: where it stands is uncertain. */
  busy: boolean;
}

const NOTHING = new Uint8Array();

/** Reads a blob part by part. Parts that follow each other are one reading; for an earlier one it is opened again. */
export class BlobReader {
  readonly #open: () => AsyncIterable<Uint8Array>;
  #reading: Reading | undefined;

  constructor(open: () => AsyncIterable<Uint8Array>) {
    this.#open = open;
  }

  /** The bytes from `start` up to `end`. */
  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    const reading = this.#at(start);
    reading.busy = true;
    while (reading.position < end) {
      let chunk = reading.rest;
      if (chunk.length === 0) {
        const { done, value } = await reading.chunks.next();
        if (done === true) return;
        chunk = value;
      }
      const from = Math.min(chunk.length, Math.max(0, start - reading.position));
      const to = Math.min(chunk.length, end - reading.position);
      reading.rest = chunk.subarray(to);
      reading.position += to;
      if (to > from) yield chunk.subarray(from, to);
    }
    reading.busy = false;
  }

  /** Gives up what is open. */
  close(): void {
    // A source that fails to end has nothing to say any more.
    this.#reading?.chunks.return?.().catch(() => undefined);
    this.#reading = undefined;
  }

  #at(start: number): Reading {
    if (this.#reading?.position !== start || this.#reading.busy) {
      this.close();
      const chunks = this.#open()[Symbol.asyncIterator]();
      this.#reading = { chunks, rest: NOTHING, position: 0, busy: false };
    }
    return this.#reading;
  }
}
