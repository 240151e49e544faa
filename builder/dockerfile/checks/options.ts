/** What `# check=` says of warnings (BuildKit linter ParseLintOptions). */
export interface CheckOptions {
  readonly skips: (rule: string) => boolean;
  /** Whether an experimental rule is turned on. */
  readonly tries: (rule: string) => boolean;
  /** `error=true`: a warning fails the build. */
  readonly fatal: boolean;
  /** Options that do not exist, as they are written. */
  readonly unknown: readonly string[];
}

/** Names of the options, for "did you mean". */
export const CHECK_OPTIONS = ["skip", "error", "experimental"] as const;

/** Reads `skip=RuleA,RuleB;error=true;experimental=RuleC`; `all` stands for every rule. */
export function readCheckOptions(text: string): CheckOptions {
  const skipped = new Set<string>();
  const tried = new Set<string>();
  const unknown: string[] = [];
  let fatal = false;
  for (const option of text.split(";").filter((part) => part.trim() !== "")) {
    const equals = option.indexOf("=");
    const name = (equals < 0 ? option : option.slice(0, equals)).trim();
    const value = equals < 0 ? "" : option.slice(equals + 1).trim();
    if (name === "skip" && value !== "") addRules(skipped, value);
    else if (name === "experimental" && value !== "") addRules(tried, value);
    else if (name === "error" && /^(?:true|false|t|f|1|0)$/i.test(value))
      fatal = /^(?:true|t|1)$/i.test(value);
    else unknown.push(option.trim());
  }
  return {
    skips: (rule) => skipped.has(rule) || skipped.has("all"),
    tries: (rule) => tried.has(rule) || tried.has("all"),
    fatal,
    unknown,
  };
}

function addRules(rules: Set<string>, value: string): void {
  for (const rule of value.split(",")) rules.add(rule.trim());
}
