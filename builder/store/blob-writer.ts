import { Hasher, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Files } from "./files.ts";
import { GatheredFile } from "./gathered-file.ts";
import type { BlobWriter } from "./types.ts";

/** A blob in the making, hashed on its way. */
export function blobWriter(files: Files, place: (digest: Digest) => string): BlobWriter {
  const file = new GatheredFile(files);
  const hasher = new Hasher();
  return {
    write(chunk) {
      hasher.update(chunk);
      file.write(chunk);
    },
    get size() {
      return file.size;
    },
    commit(expected) {
      using made = file;
      const digest = hasher.digest();
      const { size } = made;
      if (expected !== undefined && digest !== expected) {
        throw new TsbuildError(
          "DIGEST_MISMATCH",
          `Cannot store blob ${expected}: the ${size} bytes have digest ${digest}`,
          { hint: "the source sent damaged or different data: try again" },
        );
      }
      made.moveTo(place(digest));
      return { digest, size };
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
