import { closeSync, openSync, readSync } from "node:fs";
import { TsbuildError } from "./errors.ts";

/** A part of a file, whole or not at all. */
export function readRange(path: string, offset: number, size: number): Buffer {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(size);
    let done = 0;
    while (done < size) {
      const count = readSync(file, buffer, done, size - done, offset + done);
      if (count === 0)
        throw new TsbuildError(
          "STORE_INVALID",
          `Cannot read ${size} bytes at ${offset} of "${path}": the file is shorter`,
        );
      done += count;
    }
    return buffer;
  } finally {
    closeSync(file);
  }
}
