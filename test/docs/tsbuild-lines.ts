import { COMMANDS, findCommand } from "../../builder/cli/catalog.ts";
import { parseFlags } from "../../builder/cli/flags.ts";
import type { Command } from "../../builder/cli/types.ts";
import type { CodeBlock } from "./markdown.ts";
import { commandsOf } from "./shell.ts";
import { argumentsOf, scriptsOf } from "./yaml-blocks.ts";

/** The command lines of tsbuild in a block: what a shell runs, a CI job, or a container of Kubernetes. */
export function tsbuildLines(block: CodeBlock): readonly (readonly string[])[] {
  const yaml = block.language === "yaml";
  const scripts = yaml ? scriptsOf(block) : [block.text.replace(/^\$ /gm, "")];
  const lines = scripts.flatMap(commandsOf).filter(([program]) => program === "tsbuild");
  return [...lines.map((words) => words.slice(1)), ...(yaml ? argumentsOf(block) : [])];
}

/** Why this is no command line of tsbuild; undefined where it is one. */
export async function mistakeOf(words: readonly string[]): Promise<string | undefined> {
  const [first = "", ...rest] = words;
  if (["", "--help", "-h", "--version", "-v"].includes(first)) return undefined;
  if (first === "help")
    return rest.every((word) => isCommand(word) || word === "COMMAND")
      ? undefined
      : `there is no command "${rest.join(" ")}"`;
  const entry = findCommand(first) ?? (/^[-./]|[/…]/.test(first) ? findCommand("build") : undefined);
  if (entry === undefined) return `there is no command "${first}"`;
  const command = await entry.load();
  try {
    const { values, operands } = parseFlags(command, findCommand(first) === entry ? rest : words);
    return wrongChoice(command, values) ?? wrongWord(command, operands);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isCommand(word: string): boolean {
  return COMMANDS.some(({ name }) => name === word);
}

function wrongChoice({ flags }: Command, values: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, { choices }] of Object.entries(flags)) {
    const value = values[name];
    if (choices === undefined || typeof value !== "string" || value === "") continue;
    if (!choices.includes(value.split(",")[0] ?? "")) return `--${name} has no choice "${value}"`;
  }
  return undefined;
}

/** The word that must come first: `tsbuild cache save`; one in brackets need not. */
function wrongWord({ operands, usage }: Command, [word]: readonly string[]): string | undefined {
  const { first = [] } = operands;
  if (word === undefined || first.length === 0 || first.includes(word)) return undefined;
  return usage.includes(`[${first.join("|")}]`) ? undefined : `"${word}" is none of ${first.join(", ")}`;
}
