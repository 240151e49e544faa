import { TsbuildError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { signalNames, signalNumber } from "../stages/signals.ts";

const SIGTERM = 15;

/** The signal of a name or number that a user wrote. */
export function checkedSignal(text: string): number {
  const number = signalNumber(text);
  if (number !== undefined) return number;
  const name = text.toUpperCase();
  throw new TsbuildError("USAGE", `Cannot use signal "${text}": there is no such signal`, {
    hint: didYouMean(name.startsWith("SIG") ? name : `SIG${name}`, signalNames()),
  });
}

/** The signal that an image's config names; what it says wrong stops nothing from running. */
export function stopSignalOf(text: string | undefined): number {
  return (text === undefined ? undefined : signalNumber(text)) ?? SIGTERM;
}
