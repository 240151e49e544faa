import { messageOf, TsbuildError } from "../core/errors.ts";

/** Something on its way to a destination, and what that is for people: "pushing NAME". */
export interface Named<T> {
  readonly name: string;
  readonly work: Promise<T>;
}

/**
 * The results of works that go on side by side. Where some fail the others are waited for all the same; the error is the
 * first one's, and its hint tells what else failed, and what was done and need not be done again.
 */
export async function allOrFailure<T>(
  works: readonly Named<T>[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  const outcomes = await Promise.allSettled(works.map(({ work }) => work));
  signal.throwIfAborted();
  const results: T[] = [];
  const failures: unknown[] = [];
  const done: string[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === "rejected") {
      failures.push(outcome.reason);
      continue;
    }
    results.push(outcome.value);
    done.push(works[index]?.name ?? "");
  }
  if (failures.length === 0) return results;
  const [first] = failures;
  const bug = failures.find((failure) => !(failure instanceof TsbuildError));
  if (bug !== undefined || !(first instanceof TsbuildError)) throw bug ?? first;
  const hints = [
    first.hint,
    ...failures.slice(1).map((failure) => `failed as well: ${messageOf(failure)}`),
    done.length > 0 ? `done all the same: ${done.join(", ")}` : undefined,
  ].filter((hint) => hint !== undefined);
  throw hints.length === 0 ? first : withHint(first, hints.join("; "));
}

function withHint(error: TsbuildError, hint: string): TsbuildError {
  const { code, message, cause, diagnostics, output, exitCode } = error;
  return new TsbuildError(code, message, { hint, cause: cause ?? error, diagnostics, output, exitCode });
}
