import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { Script } from "node:vm";

/** The length of the code and the generation, each four bytes; V8 wants what follows aligned to eight. */
const HEADER = 8;

/**
 * What V8 compiled of a script, kept in a file of the store: loading that takes a third of the time of compiling again.
 * V8 itself refuses code of another version or of other flags, and this class what may be somebody else's. The file has
 * no digest, which would cost more than all the rest: it is on the disk before it gets its name.
 */
export class CodeCache {
  readonly #file: string;
  readonly #typical: number;
  #script: Script | undefined;
  #generation = 0;

  /**
   * `typical` is the first run that is like those to come: it keeps what was compiled for it, and those before it only
   * leave word that they were there. Code that is read for nothing costs as much as it saves.
   */
  constructor(file: string, typical: number) {
    this.#file = file;
    this.#typical = typical;
  }

  /** The value of a script, which is one expression. `path` is for stacks. */
  evaluate(source: string, path: string): unknown {
    const cachedData = this.#read();
    this.#script = new Script(source, { filename: path, ...(cachedData && { cachedData }) });
    if (this.#script.cachedDataRejected === true) this.#generation = 0;
    return this.#script.runInThisContext();
  }

  /** Called when all went well. Only where there is a store already is anything written. */
  keep(): void {
    if (this.#script === undefined || this.#generation >= this.#typical) return;
    const generation = this.#generation + 1;
    const code = generation < this.#typical ? Buffer.alloc(0) : this.#script.createCachedData();
    const header = Buffer.alloc(HEADER);
    header.writeUInt32LE(code.length, 0);
    header.writeUInt32LE(generation, 4);
    try {
      mkdirSync(dirname(this.#file), { mode: 0o700 });
    } catch {
      // It is there, or cannot be made: then the next call fails.
    }
    const temporary = `${this.#file}.${process.pid}`;
    try {
      const file = openSync(temporary, "w", 0o600);
      try {
        writeFileSync(file, Buffer.concat([header, code]));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, this.#file);
    } catch {
      // A store that cannot be written to: the next start is as slow as this one.
      discard(temporary);
    }
  }

  #read(): Buffer | undefined {
    try {
      const file = openSync(this.#file, "r");
      try {
        const { uid, mode, size } = fstatSync(file);
        // Code is trusted as the program itself is: somebody else's store must not bring any.
        if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) return undefined;
        // Not of the pool, where it may begin anywhere.
        const data = Buffer.allocUnsafeSlow(size);
        if (readSync(file, data) !== size || data.readUInt32LE(0) !== size - HEADER) return undefined;
        this.#generation = data.readUInt32LE(4);
        return size === HEADER ? undefined : data.subarray(HEADER);
      } finally {
        closeSync(file);
      }
    } catch {
      return undefined;
    }
  }
}

/** Removes what a full disk cut off. */
function discard(temporary: string): void {
  try {
    unlinkSync(temporary);
  } catch {
    // It was never made.
  }
}
