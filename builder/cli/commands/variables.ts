import type { FlagTable } from "../types.ts";
import { usageError } from "../flags.ts";
import { fromEnvironment, readPairsFile } from "../values.ts";

/** What gives a container its environment. */
export const VARIABLE_FLAGS = {
  env: {
    short: "e",
    value: "NAME[=VALUE]",
    repeat: true,
    doc: "Set a variable; without a value, from the environment",
  },
  "env-file": { value: "FILE", repeat: true, doc: "Read variables from a file, one a line" },
} as const satisfies FlagTable;

interface VariableFlags {
  readonly env: readonly string[];
  readonly "env-file": readonly string[];
}

/** --env and --env-file. Files first: what is written on the command line wins. */
export function variables(command: string, flags: VariableFlags, env: NodeJS.ProcessEnv): readonly string[] {
  const files = flags["env-file"].flatMap((path) => readPairsFile(command, "--env-file", path));
  const values = new Map<string, string>();
  for (const text of [...files, ...flags.env]) {
    const pair = fromEnvironment(text, env);
    if (text === "" || pair?.[0] === "") {
      throw usageError(command, `Cannot use --env "${text}": the name is missing`, "write NAME=VALUE");
    }
    if (pair !== undefined) values.set(...pair);
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}
