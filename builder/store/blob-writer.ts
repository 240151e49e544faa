import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { Hasher, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { explained } from "./failure.ts";
import type { Files } from "./files.ts";
import type { BlobWriter } from "./types.ts";

/** Small pieces are gathered: a write(2) of 512 bytes costs as much as one of 64 KiB. */
const BUFFER = 1 << 20;

/** A blob in the making, in the session's directory until it is committed. */
export function blobWriter(files: Files, place: (digest: Digest) => string): BlobWriter {
  const temp = files.tempPath("blob");
  const fd = explained("write", temp, () => openSync(temp, "wx", 0o644));
  const hasher = new Hasher();
  let pending: Buffer | undefined;
  let filled = 0;
  let size = 0;
  let state: "open" | "done" = "open";

  const flush = (): void => {
    if (pending !== undefined && filled > 0) writeAll(fd, temp, pending.subarray(0, filled));
    filled = 0;
  };
  const discard = (): void => {
    if (state === "done") return;
    state = "done";
    closeSync(fd);
    rmSync(temp, { force: true });
  };
  return {
    write(chunk) {
      hasher.update(chunk);
      size += chunk.length;
      if (filled + chunk.length > BUFFER) flush();
      if (chunk.length >= BUFFER / 4) return writeAll(fd, temp, chunk, flush);
      pending ??= Buffer.allocUnsafeSlow(BUFFER);
      pending.set(chunk, filled);
      filled += chunk.length;
    },
    get size() {
      return size;
    },
    commit(expected) {
      try {
        flush();
        const digest = hasher.digest();
        if (expected !== undefined && digest !== expected) {
          throw new TsbuildError(
            "DIGEST_MISMATCH",
            `Cannot store blob ${expected}: the ${size} bytes have digest ${digest}`,
            { hint: "the source sent damaged or different data: try again" },
          );
        }
        files.moveInPlace(temp, place(digest), size);
        return { digest, size };
      } finally {
        discard();
      }
    },
    [Symbol.dispose]: discard,
  };
}

function writeAll(fd: number, path: string, data: Uint8Array, before?: () => void): void {
  before?.();
  explained("write", path, () => {
    for (let done = 0; done < data.length;) done += writeSync(fd, data, done);
  });
}
