import { createHash } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

const DIGEST = 32;
/**
 * What V8 compiled of a script, kept in a file of the store: loading that takes a third of the time of compiling again.
 * V8 itself refuses code of another version or of other flags, and this class what is torn or may be somebody else's.
 */
export class CodeCache {
  readonly #folder: string;
  readonly #file: string;
  readonly #typical: number;
  #script: Script | undefined;
  #generation = 0;

  /**
   * `name` tells apart programs, and versions of Node. `typical` is the first run of a store that is like those to come: it
   * keeps what was compiled for it, and those before it only leave word that they were there. Code that is read for
   * nothing costs as much as it saves.
   */
  constructor(folder: string, name: string, typical: number) {
    this.#typical = typical;
    this.#folder = folder;
    this.#file = join(folder, name);
  }

  /**
   * Evaluates the bundle, which is one function with the parameters of a CommonJS module; returns its exports. It calls
   * `importPackage()` where one would write `import()`, as Node 20 prints a warning for that in such a script.
   */
  load(path: string): unknown {
    // The bundle is ASCII, which is read twice as fast as UTF-8.
    const source = readFileSync(path, "latin1");
    const cachedData = this.#read();
    this.#script = new Script(source, { filename: path, ...(cachedData && { cachedData }) });
    if (this.#script.cachedDataRejected === true) this.#generation = 0;
    const module = { exports: {} };
    const run = this.#script.runInThisContext() as (...args: readonly unknown[]) => void;
    run(module.exports, createRequire(path), module, path, dirname(path), (name: string) => import(name));
    return module.exports;
  }

  /** Called at the end of a build that went well. Only where there is a store already is anything written. */
  keep(): void {
    if (this.#script === undefined || this.#generation >= this.#typical) return;
    const generation = this.#generation + 1;
    const compiled = generation < this.#typical ? Buffer.alloc(0) : this.#script.createCachedData();
    const code = Buffer.concat([Buffer.of(generation), compiled]);
    const temporary = `${this.#file}.${process.pid}`;
    try {
      mkdirSync(this.#folder, { mode: 0o700 });
    } catch {
      // It is there, or cannot be made: then the next call fails.
    }
    try {
      writeFileSync(temporary, Buffer.concat([digestOf(code), code]), { mode: 0o600 });
      renameSync(temporary, this.#file);
    } catch {
      // A store that cannot be written to: the next start is as slow as this one.
    }
  }

  #read(): Buffer | undefined {
    let data: Buffer;
    try {
      const file = openSync(this.#file, "r");
      try {
        // Code is trusted as the program itself is: somebody else's store must not bring any.
        const { uid, mode } = fstatSync(file);
        if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) return undefined;
        data = readFileSync(file);
      } finally {
        closeSync(file);
      }
    } catch {
      return undefined;
    }
    const code = data.subarray(DIGEST);
    if (code.length === 0 || !digestOf(code).equals(data.subarray(0, DIGEST))) return undefined;
    this.#generation = code[0] ?? 0;
    // A copy: V8 wants the data aligned.
    return code.length === 1 ? undefined : Buffer.from(code.subarray(1));
  }
}

function digestOf(data: Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}
