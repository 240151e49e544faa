import { TsbuildError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { tokensOf, type OptionSyntax, type OptionToken } from "./tokens.ts";
import type { CommandSpec, Flag, FlagTable, FlagValues } from "./types.ts";

/** Every command has these. */
export const COMMON_FLAGS = {
  debug: { doc: "Show where in the program an error comes from", group: "General" },
  help: { doc: "Show this help", group: "General" },
} as const satisfies FlagTable;

export interface ParsedFlags<T extends FlagTable> {
  readonly values: FlagValues<T>;
  readonly operands: readonly string[];
  readonly debug: boolean;
  readonly help: boolean;
}

type Syntax<T extends FlagTable> = Pick<
  CommandSpec<T>,
  "name" | "usage" | "flags" | "missing" | "operands" | "flagsFirst"
>;

/** A usage error of a command, with where to read more. */
export function usageError(command: string, message: string, hint?: string): TsbuildError {
  return new TsbuildError("USAGE", message, { hint: hint ?? `see "tsbuild ${command} --help"` });
}

/**
 * Reads a command line by a command's table.
 */
export function parseFlags<T extends FlagTable>(syntax: Syntax<T>, argv: readonly string[]): ParsedFlags<T> {
  const table: FlagTable = { ...syntax.flags, ...COMMON_FLAGS };
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokensOf(argv, optionsOf(table))) {
    if (token.kind === "option") take(syntax, table, given, token);
    else if (token.kind === "positional") {
      if (syntax.flagsFirst) {
        operands.push(...argv.slice(token.index));
        break;
      }
      operands.push(token.value);
    }
  }
  const help = given.has("help");
  if (!help) checkOperands(syntax, operands);
  const values: Record<string, ReturnType<typeof valueOf>> = {};
  for (const name in syntax.flags) {
    const flag = syntax.flags[name];
    if (flag !== undefined) values[name] = valueOf(flag, given.get(name));
  }
  return { values: values as FlagValues<T>, operands, debug: given.has("debug"), help };
}

function optionsOf(table: FlagTable): ReadonlyMap<string, OptionSyntax> {
  const options = new Map<string, OptionSyntax>();
  // -h asks for help but where a command has it for something else (docker run has it for --hostname).
  let isTaken = false;
  for (const [name, { value, bare, short }] of Object.entries(table)) {
    options.set(name, { takesValue: value !== undefined && bare === undefined, short });
    isTaken ||= short === "h";
  }
  if (!isTaken) options.set("help", { takesValue: false, short: "h" });
  return options;
}

function take<T extends FlagTable>(
  syntax: Syntax<T>,
  table: FlagTable,
  given: Map<string, string[]>,
  token: OptionToken,
): void {
  const flag = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
  if (flag === undefined) throw unknownFlag(syntax, table, token);
  const values = given.get(token.name) ?? [];
  if (values.length > 0 && flag.value !== undefined && !flag.repeat) {
    throw usageError(syntax.name, `Cannot use ${token.rawName} twice: it takes one value`);
  }
  values.push(textOf(syntax, flag, token));
  if (!(flag.value === undefined && values.at(-1) === "false")) given.set(token.name, values);
  else given.delete(token.name);
}

/** pflag's rules, which docker's users have in their fingers: `-t=x` is `-t x`, and a switch may say `=false`. */
function textOf<T extends FlagTable>(syntax: Syntax<T>, flag: Flag, token: OptionToken): string {
  const { rawName, inlineValue } = token;
  const short = !rawName.startsWith("--");
  const value = short && inlineValue ? token.value?.replace(/^=/, "") : token.value;
  if (flag.value === undefined) {
    if (value === undefined || value === "true" || value === "1") return "true";
    if (value === "false" || value === "0") return "false";
    throw usageError(
      syntax.name,
      `Cannot use ${rawName}=${value}: ${rawName} is a switch`,
      "write true or false",
    );
  }
  if (value !== undefined) return value;
  if (flag.bare !== undefined) return flag.bare;
  throw usageError(syntax.name, `Cannot use ${rawName}: it needs a value`, `write ${rawName} ${flag.value}`);
}

function valueOf(
  flag: Flag,
  given: readonly string[] | undefined,
): readonly string[] | string | boolean | undefined {
  if (flag.repeat) return given ?? [];
  return flag.value === undefined ? given !== undefined : given?.at(-1);
}

function unknownFlag<T extends FlagTable>(
  syntax: Syntax<T>,
  table: FlagTable,
  token: OptionToken,
): TsbuildError {
  for (const [names, instead] of Object.entries(syntax.missing ?? {})) {
    if (!names.split("|").includes(token.name)) continue;
    return new TsbuildError(
      "UNSUPPORTED",
      `Cannot use ${token.rawName}: tsbuild ${syntax.name} does not support it yet`,
      { hint: instead },
    );
  }
  const known = Object.keys(table).map((name) => `--${name}`);
  const hint = token.rawName.startsWith("--") ? didYouMean(token.rawName, known) : undefined;
  return usageError(
    syntax.name,
    `Cannot use ${token.rawName}: tsbuild ${syntax.name} has no such flag`,
    hint,
  );
}

function checkOperands<T extends FlagTable>(syntax: Syntax<T>, operands: readonly string[]): void {
  const { min, max, name } = syntax.operands;
  if (operands.length >= min && operands.length <= max) return;
  const usage = `usage: tsbuild ${syntax.usage.replaceAll("\n", " or ")}`;
  const [first] = operands.slice(max);
  if (first !== undefined) {
    throw usageError(
      syntax.name,
      `Cannot take "${first}": tsbuild ${syntax.name} has ${max === 0 ? "no arguments" : `${max} ${max === 1 ? "argument" : "arguments"}`}`,
      usage,
    );
  }
  throw usageError(syntax.name, `Cannot run tsbuild ${syntax.name}: ${name} is missing`, usage);
}
