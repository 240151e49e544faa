import type { Directives } from "../dockerfile/types.ts";

/** What `# check=` says of warnings (BuildKit linter ParseLintOptions). */
export interface Checks {
  readonly skips: (rule: string) => boolean;
  /** `error=true`: a warning fails the build. */
  readonly fatal: boolean;
  /** Options that do not exist, as they are written. */
  readonly unknown: readonly string[];
}

/** Names of the options, for "did you mean". */
export const CHECK_OPTIONS = ["skip", "error", "experimental"] as const;

/** Reads `skip=RuleA,RuleB;error=true`; `skip=all` skips every rule. */
export function readChecks({ check = "" }: Directives): Checks {
  const skipped = new Set<string>();
  const unknown: string[] = [];
  let fatal = false;
  for (const option of check.split(";").filter((part) => part.trim() !== "")) {
    const [name = "", value = ""] = option.split("=", 2).map((part) => part.trim());
    if (name === "skip") for (const rule of value.split(",")) skipped.add(rule.trim());
    else if (name === "error" && /^(true|false|1|0)$/i.test(value)) fatal = /^(true|1)$/i.test(value);
    // Every rule of tsbuild's is on: there is no experimental one to turn on.
    else if (name !== "experimental") unknown.push(option.trim());
  }
  return { skips: (rule) => skipped.has(rule) || skipped.has("all"), fatal, unknown };
}
