import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS, findCommand } from "../catalog.ts";
import { COMMON_FLAGS } from "../flags.ts";
import type { Command, Flag, FlagTable } from "../types.ts";

/** A word that may stand where the cursor is. */
export interface Candidate {
  readonly text: string;
  readonly doc?: string;
}

/** What a shell offers: these words, and what it knows of files itself. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly paths: "none" | "files" | "directories";
}

/** What only the store knows. */
export interface Names {
  images(): Promise<readonly string[]>;
  containers(): Promise<readonly string[]>;
}

const NOTHING: Completion = { candidates: [], paths: "none" };
const FILES: Completion = { candidates: [], paths: "files" };
const DIRECTORIES: Completion = { candidates: [], paths: "directories" };

/** What may stand at the last of `words`, which follow "tsbuild" on a command line; it may be empty or begun. */
export async function complete(words: readonly string[], names: Names): Promise<Completion> {
  const [first = ""] = words;
  if (words.length <= 1 && !first.startsWith("-")) {
    return { candidates: beginning([...COMMANDS.map(ofCommand), HELP], first), paths: "directories" };
  }
  if (first === "help") {
    return { ...NOTHING, candidates: words.length === 2 ? beginning(COMMANDS.map(ofCommand), words[1]) : [] };
  }
  const named = findCommand(first);
  const entry = named ?? findCommand("build");
  if (entry === undefined) return NOTHING;
  const command = await entry.load();
  return completeArgument(command, named === undefined ? words : words.slice(1), names);
}

const HELP: Candidate = { text: "help", doc: "Show how a command is used" };

function ofCommand({ name, summary }: { readonly name: string; readonly summary: string }): Candidate {
  return { text: name, doc: summary };
}

async function completeArgument(
  command: Command,
  words: readonly string[],
  names: Names,
): Promise<Completion> {
  const flags: FlagTable = { ...command.flags, ...COMMON_FLAGS };
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const { operands, open, ended } = readWords(flags, before, command.flagsFirst ?? false);
  if (open !== undefined) return valuesOf(open, current, before);
  if (current.startsWith("-") && !ended) return completeFlag(flags, current, before);
  return completeOperand(command, operands, current, names);
}

/** The words so far: the operands among them, the flag that still waits for its value, and whether flags are over. */
function readWords(
  flags: FlagTable,
  words: readonly string[],
  flagsFirst: boolean,
): { readonly operands: readonly string[]; readonly open: Flag | undefined; readonly ended: boolean } {
  const operands: string[] = [];
  let open: Flag | undefined;
  let ended = false;
  for (const word of words) {
    if (open !== undefined) open = undefined;
    else if (ended || !word.startsWith("-") || word === "-") {
      operands.push(word);
      ended ||= flagsFirst;
    } else if (word === "--") ended = true;
    else if (!word.includes("=")) open = waitingFlag(flags, word);
  }
  return { operands, open, ended };
}

function waitingFlag(flags: FlagTable, word: string): Flag | undefined {
  const flag = word.startsWith("--")
    ? flags[word.slice(2)]
    : Object.values(flags).find((one) => one.short === word.at(-1));
  return flag?.value !== undefined && flag.bare === undefined ? flag : undefined;
}

async function completeFlag(
  flags: FlagTable,
  current: string,
  before: readonly string[],
): Promise<Completion> {
  const equals = current.indexOf("=");
  if (equals > 0) {
    const name = current.slice(0, equals + 1);
    const flag = flags[name.slice(2, -1)];
    if (flag === undefined) return NOTHING;
    const { candidates, paths } = valuesOf(flag, current.slice(equals + 1), before);
    return { candidates: candidates.map((one) => ({ ...one, text: name + one.text })), paths };
  }
  const all = Object.entries(flags).map(([name, { doc }]) => ({ text: `--${name}`, doc }));
  return { candidates: beginning(all, current), paths: "none" };
}

function valuesOf(flag: Flag, current: string, before: readonly string[]): Completion {
  const { value = "", choices } = flag;
  if (choices !== undefined) {
    return among(choices, current);
  }
  if (value.startsWith("STAGE")) {
    return among(stagesOf(before), current);
  }
  if (/^(?:DIR|PATH)/.test(value)) return DIRECTORIES;
  return /FILE|DEST|SOURCE/.test(value) ? FILES : NOTHING;
}

async function completeOperand(
  command: Command,
  operands: readonly string[],
  current: string,
  names: Names,
): Promise<Completion> {
  const { name, max, first } = command.operands;
  if (operands.length >= max) return NOTHING;
  if (operands.length === 0 && first !== undefined) {
    return among(first, current);
  }
  // What follows the image or the container is another program's.
  if (command.flagsFirst && operands.length > 0) return FILES;
  if (name.includes("CONTAINER")) return among(await names.containers(), current);
  if (/IMAGE|NAME/.test(name)) return among(await names.images(), current);
  if (name === "PATH") return DIRECTORIES;
  return name.includes("FILE") ? FILES : NOTHING;
}

function among(words: readonly string[], current: string): Completion {
  const candidates = words.map((text) => ({ text }));
  return { candidates: beginning(candidates, current), paths: "none" };
}

function beginning(candidates: readonly Candidate[], start = ""): readonly Candidate[] {
  return candidates.filter(({ text }) => text.startsWith(start));
}

/**
 * Names of the stages of the Dockerfile that a command line names. It is read line by line and not parsed: who asks
 * may be in the middle of writing it.
 */
function stagesOf(words: readonly string[]): readonly string[] {
  const flagged = words.flatMap((word, index) => {
    if (word === "-f" || word === "--file") return words[index + 1] ?? [];
    return /^--file=(.+)$/.exec(word)?.[1] ?? [];
  });
  const directory = words.find((word) => /^\.|\//.test(word) && !flagged.includes(word));
  const file = flagged[0] ?? join(directory ?? ".", "Dockerfile");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return [...text.matchAll(/^[ \t]*FROM[ \t].*[ \t]AS[ \t]+(\S+)/gim)].flatMap((match) => match[1] ?? []);
}
