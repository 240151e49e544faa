import { TsbuildError } from "../../builder/core/errors.ts";
import { didYouMean } from "../../builder/core/suggest.ts";
import { ALL_CAPABILITIES, CAPABILITIES, DEFAULT_CAPABILITIES } from "../plan/capabilities.ts";

/** Docker's default capabilities with those of --cap-drop taken away and those of --cap-add put in, as moby's oci/caps does it. */
export function capabilitiesOf(added: readonly string[], dropped: readonly string[]): readonly number[] {
  const [plus, minus] = [numbersOf(added), numbersOf(dropped)];
  if (hasAll(added)) return ALL_CAPABILITIES.filter((one) => !minus.includes(one));
  const kept = hasAll(dropped) ? [] : DEFAULT_CAPABILITIES.filter((one) => !minus.includes(one));
  return [...new Set([...kept, ...plus])].sort((a, b) => a - b);
}

function hasAll(names: readonly string[]): boolean {
  return names.some((name) => plain(name) === "ALL");
}

function numbersOf(names: readonly string[]): number[] {
  return names.filter((name) => plain(name) !== "ALL").map(numberOf);
}

function plain(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, "");
}

function numberOf(name: string): number {
  const number = CAPABILITIES.get(plain(name));
  if (number !== undefined) return number;
  throw new TsbuildError("USAGE", `Cannot use capability "${name}": there is none of this name`, {
    hint: didYouMean(plain(name), CAPABILITIES.keys()),
  });
}
