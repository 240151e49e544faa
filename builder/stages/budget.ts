import { plainRange, type Diagnostic, type Range, type SourceText } from "../core/diagnostic.ts";
import { TsbuildError } from "../core/errors.ts";

/** What the variables, the ports and the inherited configs of a build may come to, in characters. */
const LIMIT = 64 * 1024 * 1024;

/** What an entry of a list costs beside its text. */
export const ENTRY = 32;

/**
 * Bounds what a short Dockerfile can make of itself: a large value that every line repeats, an environment that every RUN
 * has, a range of ports that every stage inherits. What a person writes stays below a hundredth of it.
 */
export class Budget {
  readonly #source: SourceText;
  #left = LIMIT;

  constructor(source: SourceText) {
    this.#source = source;
  }

  /** Throws where there is not that much left. */
  spend(amount: number, range: Range): void {
    this.#left -= amount;
    if (this.#left >= 0) return;
    const message = `Cannot plan "${this.#source.name}": its values come to more than ${LIMIT} characters`;
    const diagnostic: Diagnostic = {
      severity: "error",
      rule: "TooLarge",
      message,
      range: plainRange(range),
      source: this.#source,
      reason: "variables, ports and what stages inherit are counted each time that they are used",
      fix: "keep large texts in files and COPY them",
    };
    throw new TsbuildError("DOCKERFILE_INVALID", message, { diagnostics: [diagnostic] });
  }

  /** The same for a list. */
  spendOn(entries: Iterable<string>, range: Range): void {
    let amount = 0;
    for (const entry of entries) amount += ENTRY + entry.length;
    this.spend(amount, range);
  }
}
