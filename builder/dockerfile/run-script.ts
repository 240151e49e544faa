import { parseHeredocStart } from "./heredoc.ts";
import type { RunInstruction } from "./types.ts";

/** What a RUN step executes. */
export type RunScript =
  /** The argument of the shell's `-c`. */
  | { readonly kind: "shell"; readonly text: string }
  /** A file, mounted read-only as `/dev/pipes/NAME`, whose path is the argument of the shell's `-c`. */
  | { readonly kind: "script"; readonly name: string; readonly body: string }
  | { readonly kind: "exec"; readonly argv: readonly string[] };

/** Puts a RUN command and its heredocs together (BuildKit dispatchRun). The builder expands nothing in either. */
export function runScript(instruction: RunInstruction): RunScript {
  const { command, heredocs } = instruction;
  if (command.form === "exec") return { kind: "exec", argv: command.argv };
  const [first] = heredocs;
  if (first === undefined) return { kind: "shell", text: command.text };
  if (parseHeredocStart(command.text) === undefined) {
    const text = heredocs.reduce((text, { body, name }) => `${text}\n${body}${name}`, command.text);
    return { kind: "shell", text };
  }
  return first.body.startsWith("#!")
    ? { kind: "script", name: first.name, body: first.body }
    : { kind: "shell", text: first.body };
}
