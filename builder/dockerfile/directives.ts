import type { Diagnostic, SourceText } from "../core/diagnostic.ts";
import { didYouMean } from "../core/suggest.ts";
import { CHECK_OPTIONS, readCheckOptions } from "./checks/options.ts";
import { lineRange, type PhysicalLine } from "./source.ts";
import { leadingSpaces } from "./spaces.ts";
import type { Directives } from "./types.ts";

/** The directives, and how many lines at the top of the file they take. */
export interface DirectiveZone {
  readonly directives: Directives;
  readonly lines: number;
  readonly diagnostics: readonly Diagnostic[];
}

const NAMES = new Set(["syntax", "escape", "check"]);
const ASSIGNMENT = /^([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.*)$/;

/**
 * Reads `# name=value` lines from the top of the file. The first line that is anything else, even a comment or an unknown
 * name, ends them (BuildKit parser/directives.go): `# escape` below it is a comment.
 */
export function readDirectives(source: SourceText, lines: readonly PhysicalLine[]): DirectiveZone {
  const found = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  let count = 0;
  for (const [index, line] of lines.entries()) {
    const directive = parseDirective(line.content);
    if (directive === undefined) break;
    count = index + 1;
    const { name, value } = directive;
    const place = { severity: "error", source, range: lineRange(lines, index, line.column) } as const;
    if (found.has(name)) {
      diagnostics.push({
        ...place,
        rule: "DuplicateDirective",
        message: `The directive "${name}" is given twice`,
        fix: "keep one of them",
      });
    } else if (name === "escape" && value !== "\\" && value !== "`") {
      diagnostics.push({
        ...place,
        rule: "InvalidDirective",
        message: `The escape character cannot be "${value}"`,
        fix: "write # escape=` or # escape=\\",
      });
    }
    if (name === "check") {
      for (const option of readCheckOptions(value).unknown) {
        diagnostics.push({
          ...place,
          rule: "InvalidCheck",
          message: `Cannot use check option "${option}": it is not one`,
          fix:
            didYouMean(option.split("=", 1)[0]?.trim() ?? "", CHECK_OPTIONS) ??
            "write skip=RULE,… or error=true, with semicolons between",
        });
      }
    }
    if (!found.has(name)) found.set(name, value);
  }
  const syntax = found.get("syntax");
  const check = found.get("check");
  return {
    directives: {
      ...(syntax === undefined ? {} : { syntax }),
      escape: found.get("escape") === "`" ? "`" : "\\",
      ...(check === undefined ? {} : { check }),
    },
    lines: count,
    diagnostics,
  };
}

function parseDirective(content: string): { readonly name: string; readonly value: string } | undefined {
  const line = content.slice(leadingSpaces(content));
  if (!line.startsWith("#")) return undefined;
  const match = ASSIGNMENT.exec(line.slice(1 + leadingSpaces(line.slice(1))));
  const name = match?.[1]?.toLowerCase() ?? "";
  const value = match?.[2]?.trimEnd() ?? "";
  return NAMES.has(name) && value !== "" ? { name, value } : undefined;
}
