import type { Content } from "../core/entry.ts";
import { ContentReader } from "../layers/content-reader.ts";

const SLICE = 256 * 1024;

/** Where two contents of equal size first differ; undefined where they do not. Reads no further than it must. */
export function firstDifference(a: Content, b: Content): number | undefined {
  using readerA = new ContentReader();
  using readerB = new ContentReader();
  return readerA.with(a, (readA) =>
    readerB.with(b, (readB) => {
      const bufferA = Buffer.allocUnsafe(SLICE);
      const bufferB = Buffer.allocUnsafe(SLICE);
      for (let done = 0; ;) {
        const gotA = fill(readA, bufferA);
        const gotB = fill(readB, bufferB);
        const length = Math.min(gotA, gotB);
        if (bufferA.compare(bufferB, 0, length, 0, length) !== 0) {
          let at = 0;
          while (bufferA[at] === bufferB[at]) at++;
          return done + at;
        }
        if (gotA !== gotB) return done + length;
        if (gotA < SLICE) return undefined;
        done += gotA;
      }
    }),
  );
}

/** At most `length` bytes of a content from `offset` on. */
export function readPart(content: Content, offset: number, length: number): Buffer {
  if (content.kind === "bytes") return Buffer.from(content.data.subarray(offset, offset + length));
  const part: Content =
    content.kind === "range"
      ? {
          ...content,
          offset: content.offset + offset,
          size: Math.max(0, Math.min(length, content.size - offset)),
        }
      : content;
  using reader = new ContentReader();
  return reader.with(part, (read) => {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, fill(read, buffer));
  });
}

function fill(read: (buffer: Buffer, at: number, length: number) => number, buffer: Buffer): number {
  let done = 0;
  while (done < buffer.length) {
    const got = read(buffer, done, buffer.length - done);
    if (got === 0) break;
    done += got;
  }
  return done;
}
