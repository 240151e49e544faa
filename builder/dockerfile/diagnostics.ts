import { plainRange, type Diagnostic } from "../core/diagnostic.ts";

/** More than anybody reads; a file that is no Dockerfile has one for each of its lines. */
const MAX_ERRORS = 100;

/** Collects what is wrong with a file. */
export class Diagnostics {
  readonly #list: Diagnostic[] = [];
  #errors = 0;

  /** Adds one; errors beyond the hundredth are dropped, warnings never hide an error. */
  report(diagnostic: Diagnostic): void {
    if (diagnostic.severity === "error" && ++this.#errors > MAX_ERRORS) return;
    this.#list.push({ ...diagnostic, range: plainRange(diagnostic.range) });
  }

  /** All of them, in the order of the file. */
  sorted(): readonly Diagnostic[] {
    return this.#list.sort(
      (a, b) => a.range.start.line - b.range.start.line || a.range.start.column - b.range.start.column,
    );
  }
}
