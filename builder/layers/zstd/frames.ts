import { invalid } from "../invalid-archive.ts";
import { parseHeader, type Header } from "./header.ts";
import { Input } from "./input.ts";
import { MAX_WINDOW } from "./limits.ts";
import { Literals, MAX_BLOCK } from "./literals.ts";
import { Sequences } from "./sequences.ts";
import { Window } from "./window.ts";
import type { Xxh64 } from "./xxh64.ts";

/** As much is gathered before it is handed on. */
const PIECE = 512 * 1024;

/** RFC 8878, 3.1.1.2. */
interface Block {
  readonly type: number;
  readonly size: number;
  /** Where it ends in the buffer. */
  readonly end: number;
  readonly isLast: boolean;
}

/** Decodes one frame, given nothing but its bytes. */
export type FrameDecoder = (frame: AsyncIterable<Uint8Array>) => AsyncIterable<Buffer>;

/** What every decoder has memory for (RFC 8878, 3.1.1.1.2). */
const USUAL_WINDOW = 8 * 2 ** 20;

/**
 * zstd (RFC 8878) in bounded memory, whatever the window: what is far back is in a file. A piece is valid until the next one is
 * asked for. Frames that do not look back far are given to `other`, where there is one.
 */
export async function* decodeFrames(
  source: AsyncIterable<Uint8Array>,
  other?: FrameDecoder,
): AsyncGenerator<Buffer> {
  const input = new Input(source);
  const literals = new Literals();
  const sequences = new Sequences();
  using window = new Window();
  const hash = lazyHash();
  try {
    while (await input.fill(1)) {
      const header = await readHeader(input);
      if (header.kind === "skippable") {
        await input.skip(header.skip);
        continue;
      }
      if (other !== undefined && header.window <= USUAL_WINDOW) {
        yield* other(bytesOfFrame(input, header));
        continue;
      }
      const checked = header.hasChecksum ? await hash() : undefined;
      window.begin(header.window);
      literals.reset();
      sequences.reset();
      for (let isLast = false; !isLast;) {
        if (window.isFull || window.waiting >= PIECE) {
          yield taken(window, checked);
          window.move();
        }
        isLast = await readBlock(input, literals, sequences, window);
      }
      if (header.size !== undefined && header.size !== window.total)
        throw invalid(`a frame of its zstd data has ${window.total} bytes instead of ${header.size}`);
      if (window.waiting > 0) yield taken(window, checked);
      if (checked !== undefined) await check(input, checked);
    }
  } finally {
    await input.close();
  }
}

/** Loaded for the first frame that wants it. */
function lazyHash(): () => Promise<Xxh64> {
  let hash: Xxh64 | undefined;
  return async () => {
    hash ??= new (await import("./xxh64.ts")).Xxh64();
    hash.reset();
    return hash;
  };
}

function taken(window: Window, hash: Xxh64 | undefined): Buffer {
  const piece = window.take();
  hash?.update(piece);
  return piece;
}

/** RFC 8878, 3.1.1: the lowest four bytes of XXH64. */
async function check(input: Input, hash: Xxh64): Promise<void> {
  await input.need(4);
  if (input.view.getUint32(input.at, true) !== hash.low())
    throw invalid("a frame of its zstd data has another checksum than it says");
  input.at += 4;
}

async function readHeader(input: Input): Promise<Header> {
  let header = parseHeader(input.view, input.at, 0);
  while (typeof header === "number") {
    await input.need(header);
    header = parseHeader(input.view, input.at, header);
  }
  if (header.kind === "frame" && header.window > MAX_WINDOW)
    throw invalid(`its zstd data looks back ${Math.ceil(header.window / 2 ** 20)} MiB, more than 128`);
  input.at += header.length;
  return header;
}

/** All of a frame whose header has just been read. */
async function* bytesOfFrame(
  input: Input,
  { length, hasChecksum }: Extract<Header, { kind: "frame" }>,
): AsyncGenerator<Uint8Array> {
  yield input.bytes.subarray(input.at - length, input.at);
  for (let isLast = false; !isLast;) {
    const block = await blockHeader(input);
    isLast = block.isLast;
    yield input.bytes.subarray(input.at, block.end);
    input.at = block.end;
  }
  if (!hasChecksum) return;
  await input.need(4);
  yield input.bytes.subarray(input.at, input.at + 4);
  input.at += 4;
}

/** The header of the block that comes next, when all of the block is in the buffer; `input.at` is where it was. */
async function blockHeader(input: Input): Promise<Block> {
  if (!input.holds(3)) await input.need(3);
  const header = input.view.getUint16(input.at, true) + input.view.getUint8(input.at + 2) * 2 ** 16;
  const type = (header >> 1) & 3;
  const size = header >> 3;
  if (size > MAX_BLOCK) throw invalid("its zstd data has a block that is longer than it may be");
  const stored = type === 1 ? 1 : size;
  if (!input.holds(3 + stored)) await input.need(3 + stored);
  return { type, size, end: input.at + 3 + stored, isLast: (header & 1) === 1 };
}

/** Whether it is the last one of the frame. */
async function readBlock(
  input: Input,
  literals: Literals,
  sequences: Sequences,
  window: Window,
): Promise<boolean> {
  const { type, size, end, isLast } = await blockHeader(input);
  const { bytes, view } = input;
  const start = input.at + 3;
  switch (type) {
    case 0:
      window.put(bytes, start, size);
      break;
    case 1:
      window.fill(bytes[start] ?? 0, size);
      break;
    case 2:
      if (size < 2) throw invalid("its zstd data has a block that is cut off");
      sequences.run(view, literals.read(bytes, view, start, end), end, literals, window);
      break;
    default:
      throw invalid("its zstd data has a block of a kind that is not known");
  }
  input.at = end;
  return isLast;
}
