import type { Style } from "./types.ts";

const same = (text: string): string => text;

/** No colours. */
export const PLAIN_STYLE: Style = { bold: same, dim: same, red: same, yellow: same, green: same, cyan: same };

/**
 * Whether to colour what goes to a terminal: FORCE_COLOR decides where it is set, then NO_COLOR (no-color.org), then
 * whether it is a terminal that knows how.
 */
export function wantsColour(env: NodeJS.ProcessEnv, isTTY: boolean): boolean {
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  if (env["NO_COLOR"]) return false;
  return isTTY && env["TERM"] !== "dumb";
}

/** The colours for a screen. chalk costs 10 ms, so that it is loaded only where something is coloured. */
export async function loadStyle(env: NodeJS.ProcessEnv, isTTY: boolean): Promise<Style> {
  if (!wantsColour(env, isTTY)) return PLAIN_STYLE;
  const { Chalk } = await import("chalk");
  const chalk = new Chalk({ level: 1 });
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    red: (text) => chalk.red(text),
    yellow: (text) => chalk.yellow(text),
    green: (text) => chalk.green(text),
    cyan: (text) => chalk.cyan(text),
  };
}

/** The text without the colours that a style gave it. */
export function stripStyle(text: string): string {
  return text.replace(/\x1b\[\d+m/g, "");
}
