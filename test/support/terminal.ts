import { spawn } from "node:child_process";
import { outcomeOf, type Outcome } from "./rig.ts";

export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs a command on a pseudo terminal of script(1), types `input`, and shows all that it shows. */
export async function underTerminal({ argv, env }: Command, input: string): Promise<Outcome> {
  const line = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = spawn("/usr/bin/script", ["-qefc", line, "/dev/null"], {
    env: { ...env, SHELL: "/bin/sh" },
    stdio: "pipe",
  });
  // What is typed before the shell's terminal is its own would be lost: its prompt comes first.
  const prompt = (chunk: Buffer): void => {
    if (!/[$#] ?$/.test(chunk.toString())) return;
    child.stdout.off("data", prompt);
    child.stdin.write(input);
  };
  child.stdout.on("data", prompt);
  return outcomeOf(child);
}
