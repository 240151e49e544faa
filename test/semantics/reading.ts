import { parseDockerfile } from "../../builder/dockerfile/parse.ts";
import type { Dockerfile, Instruction } from "../../builder/dockerfile/types.ts";

/** A Dockerfile of these lines. */
export function read(...lines: readonly string[]): Dockerfile {
  return parseDockerfile({ name: "Dockerfile", text: `${lines.join("\n")}\n` });
}

/** The second instruction: what comes after FROM. */
export function second<K extends Instruction["kind"]>(
  kind: K,
  ...lines: readonly string[]
): Instruction & { readonly kind: K } {
  const { instructions, diagnostics } = read("FROM a", ...lines);
  const [, instruction] = instructions;
  if (instruction?.kind === kind) return instruction as Instruction & { readonly kind: K };
  throw new Error(`${kind} was not read: ${diagnostics.map(({ message }) => message).join(", ")}`);
}

/** The rules that errors of these lines after FROM break. */
export function errors(...lines: readonly string[]): readonly string[] {
  const { diagnostics } = read("FROM a", ...lines);
  return diagnostics.filter(({ severity }) => severity === "error").map(({ rule }) => rule);
}

/** Values of variables that stand in an environment, without PATH. */
export function variables(env: readonly string[] | undefined): readonly string[] {
  return (env ?? []).filter((variable) => !variable.startsWith("PATH="));
}
