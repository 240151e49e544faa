import { TsbuildError } from "../core/errors.ts";

const MAX_QUOTED = 100;

/** A word that cannot be expanded: `${x:?message}`, an unknown modifier, an open quote or brace. */
export class ExpansionError extends TsbuildError {
  /** The part of the message that says why. */
  readonly reason: string;

  constructor(word: string, reason: string) {
    const shown = word.length > MAX_QUOTED ? `${word.slice(0, MAX_QUOTED)}…` : word;
    super("DOCKERFILE_INVALID", `Cannot expand "${shown}": ${reason}`);
    this.reason = reason;
  }
}
