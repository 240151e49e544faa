import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MAX_WINDOW } from "./limits.ts";

/** What is read at once, and how many of those are kept: copies come from many places, and many are short. */
const PAGE = 4096;
const PAGES = 64;

/** The older part of a large window, in a file without a name: written in turns, as far back as any frame may look. */
export class FarWindow implements Disposable {
  readonly #fd = openNameless();
  readonly #pages = new Uint8Array(PAGE * PAGES);
  /** The number of the page that each place has. */
  readonly #numbers = new Float64Array(PAGES).fill(-1);

  /** Adds what begins at `position` of the frame. */
  append(data: Uint8Array, position: number): void {
    for (let done = 0; done < data.length;) {
      const at = (position + done) % MAX_WINDOW;
      done += writeSync(this.#fd, data, done, Math.min(data.length - done, MAX_WINDOW - at), at);
    }
    this.#numbers.fill(-1);
  }

  read(to: Uint8Array, at: number, length: number, position: number): void {
    for (let done = 0; done < length;) {
      const number = Math.floor((position + done) / PAGE);
      const place = (number % PAGES) * PAGE;
      if (this.#numbers[number % PAGES] !== number) this.#load(number, place);
      const from = position + done - number * PAGE;
      const size = Math.min(PAGE - from, length - done);
      to.set(this.#pages.subarray(place + from, place + from + size), at + done);
      done += size;
    }
  }

  #load(number: number, place: number): void {
    // What is not written yet of a page is not asked for before it is.
    readSync(this.#fd, this.#pages, place, PAGE, (number * PAGE) % MAX_WINDOW);
    this.#numbers[number % PAGES] = number;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    return openSync(join(folder, "window"), "wx+", 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
