import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CodeCache } from "./code-cache.ts";

type Modules = Readonly<Record<string, () => unknown>>;
type Evaluate = (
  exports: object,
  require: (name: string) => unknown,
  module: { exports: { readonly modules: Modules } },
  filename: string,
  dirname: string,
  importPackage: (name: string) => Promise<unknown>,
) => void;

const OTHER_PART = /^([a-z]+):([a-z].*\.js)$/;

/**
 * The program out of the files that .ci/bundle.mjs makes, each of them loaded when something of it is needed. A part names
 * modules of others `part:module`.
 */
export class ProgramParts {
  readonly #directory: string;
  readonly #cacheOf: (part: string) => CodeCache;
  readonly #require: (name: string) => unknown;
  readonly #parts = new Map<string, { readonly modules: Modules; readonly cache: CodeCache }>();

  /** `require` finds Node's own modules. */
  constructor(directory: string, cacheOf: (part: string) => CodeCache, require: (name: string) => unknown) {
    this.#directory = directory;
    this.#cacheOf = cacheOf;
    this.#require = require;
  }

  /** The exports of a module; `node:` names are modules too. */
  readonly require = (name: string): unknown => {
    const [, part, module] = OTHER_PART.exec(name) ?? [];
    if (part === undefined || part === "node" || module === undefined) return this.#require(name);
    const { modules } = this.#parts.get(part) ?? this.#load(part);
    return modules[module]?.();
  };

  /** Keeps what was compiled. */
  keep(): void {
    for (const { cache } of this.#parts.values()) cache.keep();
  }

  #load(part: string): { readonly modules: Modules; readonly cache: CodeCache } {
    const path = join(this.#directory, `${part}.cjs`);
    // ASCII, which is read twice as fast as UTF-8.
    const source = readFileSync(path, "latin1");
    const cache = this.#cacheOf(part);
    const evaluate = cache.evaluate(source, path) as Evaluate;
    const module = { exports: { modules: {} } };
    evaluate(module.exports, this.require, module, path, this.#directory, this.#import);
    const loaded = { modules: module.exports.modules, cache };
    this.#parts.set(part, loaded);
    return loaded;
  }

  /** Stands in for `import()`, as Node 20 prints a warning for that in such a script. */
  readonly #import = async (name: string): Promise<unknown> =>
    OTHER_PART.test(name) ? this.require(name) : import(name);
}
