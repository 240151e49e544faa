import { invalid } from "./invalid-archive.ts";
import { throughZlib, type ZlibStream } from "./zlib-stream.ts";

/** As far back as `zstd` itself looks without being asked for more. */
const MAX_WINDOW = 2 ** 27;
/** fzstd moves its whole window for each block: many small blocks in a large window would take it hours. */
const MOVES_PER_BYTE = 1024;
const FREE_MOVES = 2 ** 34;
/** A piece of input has at most as many blocks as it has thirds, of up to 128 KiB of output each. */
const PIECE = 512;

/** Node 22.15 and later have zstd inside. */
interface NativeZstd {
  readonly createZstdDecompress?: (options: object) => ZlibStream;
}

/** zstd, by Node where it can, else in JavaScript. */
export async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  // Loaded here: most builds read no zstd, and zlib takes a millisecond.
  const native = (await import("node:zlib")) as unknown as NativeZstd;
  if (native.createZstdDecompress !== undefined) {
    yield* throughZlib(source, native.createZstdDecompress({ chunkSize: 256 * 1024 }));
    return;
  }
  const { Decompress } = await import("fzstd");
  const frames = new FrameGuard();
  let output: Buffer[] = [];
  let size = 0;
  const decoder = new Decompress((data) => {
    size += data.length;
    if (data.length > 0) output.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  });
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += PIECE) {
      frames.check(chunk.subarray(at, at + PIECE));
      if (frames.moves > FREE_MOVES + size * MOVES_PER_BYTE)
        throw invalid("its zstd data is made to take for ever");
      // A copy: it keeps what it cannot use yet.
      decoder.push(Uint8Array.from(chunk.subarray(at, at + PIECE)));
      yield* output;
      output = [];
    }
  }
  decoder.push(new Uint8Array(), true);
  yield* output;
}

/** Follows frames and blocks by their headers alone (RFC 8878, 3.1.1), and refuses a window before fzstd makes it. */
class FrameGuard {
  /** Bytes of the header that is being gathered. */
  readonly #header: number[] = [];
  #state: "frame" | "block" = "frame";
  /** Bytes that are content, not headers. */
  #skip = 0;
  #checksum = 0;
  #window = 0;
  /** Bytes that a decoder which moves its window for each block has moved. */
  moves = 0;

  check(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const skipped = Math.min(this.#skip, piece.length - at);
      this.#skip -= skipped;
      at += skipped;
      const byte = piece[at];
      if (byte === undefined) return;
      at++;
      this.#header.push(byte);
      if (this.#state === "frame") this.#frame();
      else this.#block();
    }
  }

  #frame(): void {
    const [, second = 0, , , flags = 0, descriptor = 0] = this.#header;
    if (this.#header.length < 6) return;
    if (second === 0x2a) {
      if (this.#header.length < 8) return;
      this.#skip = this.#number(4, 4);
      this.#header.length = 0;
      return;
    }
    const single = (flags & 0x20) !== 0;
    const dictionary = [0, 1, 2, 4][flags & 3] ?? 0;
    const sizeBytes = flags >> 6 === 0 ? Number(single) : 1 << (flags >> 6);
    const sizeAt = (single ? 5 : 6) + dictionary;
    if (this.#header.length < sizeAt + sizeBytes) return;
    const base = 2 ** (10 + (descriptor >> 3));
    const size = this.#number(sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
    const window = single ? size : base + (base / 8) * (descriptor & 7);
    if (window > MAX_WINDOW) {
      throw invalid(
        `its zstd data looks back ${Math.ceil(window / 2 ** 20)} MiB, which only Node 22.15 and later can`,
      );
    }
    this.#window = window;
    this.#checksum = (flags & 4) === 0 ? 0 : 4;
    this.#header.length = 0;
    this.#state = "block";
  }

  #block(): void {
    if (this.#header.length < 3) return;
    const header = this.#number(0, 3);
    const last = (header & 1) === 1;
    this.moves += this.#window;
    this.#skip = ((header >> 1) & 3) === 1 ? 1 : header >> 3;
    this.#header.length = 0;
    if (!last) return;
    this.#skip += this.#checksum;
    this.#state = "frame";
  }

  #number(at: number, bytes: number): number {
    let value = 0;
    for (let i = at + bytes - 1; i >= at; i--) value = value * 256 + (this.#header[i] ?? 0);
    return value;
  }
}
