import { createGunzip } from "node:zlib";
import { messageOf, TsbuildError, unreachable } from "../core/errors.ts";
import { bunzip2 } from "./bzip2.ts";
import { invalid } from "./invalid-archive.ts";
import { unxz } from "./xz.ts";
import { throughZlib } from "./zlib-stream.ts";
import { unzstd } from "./zstd.ts";

export type Compression = "gzip" | "zstd" | "bzip2" | "xz" | "none";

/** As many bytes as `detectCompression` looks at. */
const HEAD = 6;
/** zlib works on a thread of its own for each piece of output: small ones would cost more than the work. */
const CHUNK = 256 * 1024;

/** What the first bytes of a file say that it is compressed with. */
export function detectCompression(head: Uint8Array): Compression {
  const starts = (...bytes: readonly number[]): boolean => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x1f, 0x8b, 8)) return "gzip";
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  // A frame to skip (RFC 8878, 3.1.2): some tools begin with one.
  if (((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18)
    return "zstd";
  if (starts(0x42, 0x5a, 0x68) && (head[3] ?? 0) >= 0x31 && (head[3] ?? 0) <= 0x39) return "bzip2";
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)) return "xz";
  return "none";
}

/**
 * The bytes of a compressed file, in bounded memory: a piece is valid until the next one is asked for, of the source and of
 * this. Without `compression` the first bytes decide, as they do in containerd: a layer's media type has been wrong before.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  compression?: Compression,
): AsyncGenerator<Buffer> {
  if (compression === undefined) {
    const { head, all } = await peek(source);
    yield* decompress(all, detectCompression(head));
    return;
  }
  switch (compression) {
    case "none":
      for await (const chunk of source) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      return;
    case "gzip":
      yield* explain("gzip", throughZlib(source, createGunzip({ chunkSize: CHUNK })));
      return;
    case "zstd":
      yield* explain("zstd", unzstd(source));
      return;
    case "bzip2":
      yield* bunzip2(source);
      return;
    case "xz":
      yield* explain("xz", unxz(source));
      return;
    default:
      unreachable(compression);
  }
}

/** Damage is said to be damage of the archive; errors that explain themselves pass. */
async function* explain(name: string, output: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* output;
  } catch (error) {
    if (error instanceof TsbuildError || !isDamage(error)) throw error;
    throw invalid(`its ${name} data is damaged (${messageOf(error)})`, error);
  }
}

/** zlib's errors have codes of their own; system errors and aborts are not about the data. */
function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || error.name === "AbortError") return false;
  const code = "code" in error ? String(error.code) : "";
  return !/^(E[A-Z]+|ERR_|UND_)/.test(code);
}

async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Buffer; readonly all: AsyncGenerator<Uint8Array> }> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (head.length < HEAD && !ended) {
    const next = await chunks.next();
    if (next.done === true) ended = true;
    else head = Buffer.concat([head, next.value]);
  }
  return { head, all: rest() };

  async function* rest(): AsyncGenerator<Uint8Array> {
    let done = ended;
    try {
      if (head.length > 0) yield head;
      while (!done) {
        const next = await chunks.next();
        if (next.done === true) done = true;
        else yield next.value;
      }
    } finally {
      if (!done) await chunks.return?.();
    }
  }
}
