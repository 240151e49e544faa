import type { OnbuildInstruction } from "../types.ts";
import { splitFirst } from "../words.ts";
import { readFlags } from "./read-flags.ts";
import { reportMissing, type Scope } from "./scope.ts";

const FORBIDDEN = new Set(["ONBUILD", "FROM", "MAINTAINER"]);

/** ONBUILD: its instruction is kept as text, and read once so that a mistake shows here and not in other people's builds. */
export function parseOnbuild(scope: Scope): OnbuildInstruction | undefined {
  readFlags(scope, {});
  if (scope.rest.text === "")
    return reportMissing(scope, "ONBUILD has no instruction", "write for example ONBUILD COPY . /app");
  const { first: keyword } = splitFirst(scope.rest);
  const name = keyword.text.toUpperCase();
  if (FORBIDDEN.has(name)) {
    scope.report({
      rule: "InvalidOnbuild",
      message: `${name} cannot be the instruction of ONBUILD`,
      span: keyword,
      reason: "it would run at the wrong place of the build that uses this image",
    });
    return undefined;
  }
  if (scope.parseInner(scope.rest) === undefined) return undefined;
  // As BuildKit keeps it: the line without its first word, then each heredoc as it is written.
  const line = scope.base.original.replace(/^\s*onbuild\s*/i, "");
  const trigger = scope.heredocs.reduce((text, { body, name }) => `${text}\n${body}${name}`, line);
  return { kind: "onbuild", ...scope.base, trigger };
}
