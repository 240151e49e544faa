import type { Diagnostic } from "../core/diagnostic.ts";
import { diagnosticText } from "./diagnostic-text.ts";
import type { Style } from "./types.ts";

/** More would push what the build said off the screen. */
const MOST = 10;

/** What a Dockerfile is warned of, as `--check` shows it, for the end of a build; "" where there is nothing. */
export function warningsText(warnings: readonly Diagnostic[], style: Style, columns: number): string {
  const shown = warnings.slice(0, MOST).map((warning) => `${diagnosticText(warning, style, columns)}\n\n`);
  const more = warnings.length - shown.length;
  if (more > 0) {
    const noun = more === 1 ? "warning" : "warnings";
    shown.push(`${style.yellow(`${more} more ${noun}`)}: --check shows all of them\n\n`);
  }
  return shown.join("");
}
