import { invalid } from "../invalid-archive.ts";
import { Input } from "./input.ts";
import { MAX_WINDOW } from "./limits.ts";
import { Literals, MAX_BLOCK } from "./literals.ts";
import { Sequences } from "./sequences.ts";
import { Window } from "./window.ts";

const MAGIC = 0xfd2fb528;
/** The lowest four bits are anything. */
const SKIPPED = 0x184d2a50;
/** As much is gathered before it is handed on. */
const PIECE = 512 * 1024;

/** What a frame says of itself (RFC 8878, 3.1.1.1). */
interface Header {
  readonly window: number;
  /** Of the content, where it is known. */
  readonly size: number | undefined;
  /** Bytes of the checksum. It is not looked at: a layer's digest says more. */
  readonly checksum: number;
}

/**
 * zstd (RFC 8878) in bounded memory, whatever the window: what is far back is in a file. A piece is valid until the next one is
 * asked for.
 */
export async function* decodeFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const input = new Input(source);
  const literals = new Literals();
  const sequences = new Sequences();
  using window = new Window();
  try {
    while (await input.fill(1)) {
      const header = await readHeader(input);
      if (header === undefined) continue;
      window.begin(header.window);
      literals.reset();
      sequences.reset();
      for (let isLast = false; !isLast;) {
        if (window.isFull || window.waiting >= PIECE) {
          yield window.take();
          window.move();
        }
        isLast = await readBlock(input, literals, sequences, window);
      }
      if (header.size !== undefined && header.size !== window.total)
        throw invalid(`a frame of its zstd data has ${window.total} bytes instead of ${header.size}`);
      if (window.waiting > 0) yield window.take();
      await input.skip(header.checksum);
    }
  } finally {
    await input.close();
  }
}

/** Undefined for a frame that is to be skipped, and was. */
async function readHeader(input: Input): Promise<Header | undefined> {
  await input.need(5);
  const magic = input.view.getUint32(input.at, true);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPED) {
    await input.need(8);
    const size = input.view.getUint32(input.at + 4, true);
    await input.skip(8 + size);
    return undefined;
  }
  if (magic !== MAGIC) throw invalid("its zstd data has something between its frames");
  const flags = input.view.getUint8(input.at + 4);
  const isSingle = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  const sizeBytes = flags >> 6 === 0 ? Number(isSingle) : 1 << (flags >> 6);
  if ((flags & 8) !== 0) throw invalid("its zstd data has a frame of a kind that is not known");
  const windowAt = 5;
  const dictionaryAt = windowAt + (isSingle ? 0 : 1);
  const sizeAt = dictionaryAt + dictionaryBytes;
  await input.need(sizeAt + sizeBytes);
  const { view, at } = input;
  const dictionary = numberAt(view, at + dictionaryAt, dictionaryBytes);
  if (dictionary !== 0) throw invalid(`its zstd data needs dictionary ${dictionary}`);
  const size = numberAt(view, at + sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const descriptor = view.getUint8(at + windowAt);
  const base = 2 ** (10 + (descriptor >> 3));
  const window = isSingle ? size : base + (base / 8) * (descriptor & 7);
  if (window > MAX_WINDOW)
    throw invalid(`its zstd data looks back ${Math.ceil(window / 2 ** 20)} MiB, more than 128`);
  input.at += sizeAt + sizeBytes;
  return { window, size: sizeBytes === 0 ? undefined : size, checksum: (flags & 4) === 0 ? 0 : 4 };
}

function numberAt(view: DataView, at: number, bytes: number): number {
  let value = 0;
  for (let i = at + bytes - 1; i >= at; i--) value = value * 256 + view.getUint8(i);
  return value;
}

/** Whether it is the last one of the frame. */
async function readBlock(
  input: Input,
  literals: Literals,
  sequences: Sequences,
  window: Window,
): Promise<boolean> {
  if (!input.holds(3)) await input.need(3);
  const { bytes, view } = input;
  const header = view.getUint16(input.at, true) + view.getUint8(input.at + 2) * 2 ** 16;
  const type = (header >> 1) & 3;
  const size = header >> 3;
  if (size > MAX_BLOCK) throw invalid("its zstd data has a block that is longer than it may be");
  const stored = type === 1 ? 1 : size;
  if (!input.holds(3 + stored)) await input.need(3 + stored);
  const start = input.at + 3;
  const end = start + stored;
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
  return (header & 1) === 1;
}
