import { closeSync, openSync, readSync } from "node:fs";
import { Hasher, hexOf } from "../core/digest.ts";

/** Hex sha256 of a file's bytes. */
export function hashFile(path: string): string {
  const fd = openSync(path, "r");
  try {
    const hasher = new Hasher();
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const size = readSync(fd, buffer, 0, buffer.length, null);
      if (size === 0) return hexOf(hasher.digest());
      hasher.update(buffer.subarray(0, size));
    }
  } finally {
    closeSync(fd);
  }
}
