import type { Stats } from "node:fs";
import type { FileStamp } from "../core/entry.ts";

const COLUMNS = 8;
const FIRST_ROWS = 256;

/**
 * What lstat said, in rows of numbers. Objects for 20,000 files would be copied about by the garbage collector for longer
 * than the calls took, four Dates in each of Node's own.
 */
export class StatTable {
  #numbers = new Float64Array(FIRST_ROWS * COLUMNS);
  #rows = 0;

  /** All rows; a row begins at `start`. */
  get numbers(): Float64Array {
    return this.#numbers;
  }

  start(row: number): number {
    return row * COLUMNS;
  }

  add(stats: Stats): number {
    const at = this.#rows * COLUMNS;
    if (at === this.#numbers.length) {
      const larger = new Float64Array(2 * at);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    const numbers = this.#numbers;
    numbers[at] = stats.size;
    numbers[at + 1] = stats.mtimeMs;
    numbers[at + 2] = stats.ctimeMs;
    numbers[at + 3] = stats.ino;
    numbers[at + 4] = stats.mode;
    numbers[at + 5] = stats.dev;
    numbers[at + 6] = stats.nlink;
    numbers[at + 7] = stats.rdev;
    return this.#rows++;
  }

  stamp(row: number): FileStamp {
    return {
      size: this.#at(row, 0),
      mtimeMs: this.#at(row, 1),
      ctimeMs: this.#at(row, 2),
      ino: this.#at(row, 3),
    };
  }

  /** Whether a file is as it was seen. */
  isSame(row: number, now: FileStamp): boolean {
    return (
      this.#at(row, 0) === now.size &&
      this.#at(row, 1) === now.mtimeMs &&
      this.#at(row, 2) === now.ctimeMs &&
      this.#at(row, 3) === now.ino
    );
  }

  mode(row: number): number {
    return this.#at(row, 4);
  }

  device(row: number): number {
    return this.#at(row, 5);
  }

  links(row: number): number {
    return this.#at(row, 6);
  }

  /** What a device file stands for. */
  special(row: number): number {
    return this.#at(row, 7);
  }

  size(row: number): number {
    return this.#at(row, 0);
  }

  mtimeMs(row: number): number {
    return this.#at(row, 1);
  }

  /** All that tells that a file is as it was: size, times, inode, mode, device. A row begins with it. */
  identity(row: number): Float64Array {
    return this.#numbers.subarray(row * COLUMNS, row * COLUMNS + IDENTITY);
  }

  #at(row: number, column: number): number {
    return this.#numbers[row * COLUMNS + column] ?? 0;
  }
}

/** How many numbers `identity` gives. */
export const IDENTITY = 6;
