import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

/** Bytes of a layer that is pushed, pulled or exported. */
export const LAYER_SIZE = 200_000_000;
const PART = 10_000_000;
const BLOCK = 64 * 1024;

/**
 * Fills a directory with 200 MB that compress as programs do, and that no layer had before: this machine's node, over and
 * over, with a few random bytes in each block.
 */
export function makeLayerFiles(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const program = readFileSync(process.execPath);
  let at = 0;
  for (let number = 0; number < LAYER_SIZE / PART; number++) {
    const part = Buffer.alloc(PART);
    for (let done = 0; done < PART;) {
      const copied = program.copy(part, done, at, Math.min(program.length, at + PART - done));
      done += copied;
      at = (at + copied) % program.length;
    }
    for (let block = 0; block < PART; block += BLOCK) randomBytes(16).copy(part, block);
    writeFileSync(join(directory, `part-${number}.bin`), part);
  }
}
