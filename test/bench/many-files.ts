import { mkdirSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

/** How many files `makeFiles` makes. */
export const FILES = 20_000;
/** Bytes of each. */
export const FILE_SIZE = 10_000;

/** Fills a directory with files, 100 in each folder, that no file before was like. */
export function makeFiles(directory: string): void {
  const data = randomBytes(FILE_SIZE);
  for (let index = 0; index < FILES; index++) {
    const folder = join(directory, String(Math.floor(index / 100)));
    if (index % 100 === 0) mkdirSync(folder, { recursive: true });
    data.writeUInt32LE(index);
    writeFileSync(join(folder, `file-${index}.js`), data);
  }
}
