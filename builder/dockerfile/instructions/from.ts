import { splitBlanks } from "../words.ts";
import type { FromInstruction } from "../types.ts";
import type { Span } from "../span.ts";
import { readFlags } from "./read-flags.ts";
import { reportMissing, toWord, type Scope } from "./scope.ts";

const STAGE_NAME = /^[a-z][a-z0-9\-_.]*$/;

/** FROM image, FROM image AS name. */
export function parseFrom(scope: Scope): FromInstruction | undefined {
  const platform = readFlags(scope, { platform: "string" }).word("platform");
  const [image, as, name, ...others] = splitBlanks(scope.rest);
  if (image === undefined) {
    return reportMissing(scope, "FROM has no image", "write for example FROM debian:12-slim");
  }
  const from = {
    kind: "from",
    ...scope.base,
    image: toWord(scope, image),
    ...(platform === undefined ? {} : { platform }),
  } as const;
  if (as === undefined) return from;
  if (name === undefined || others.length > 0 || as.text.toLowerCase() !== "as") {
    scope.report({
      rule: "InvalidFrom",
      message: "FROM takes an image, or an image, AS and a name",
      span: scope.rest,
      fix: `write FROM ${image.text} AS NAME`,
    });
    return from;
  }
  warnOfCasing(scope, as, name);
  const stage = name.text.toLowerCase();
  if (!STAGE_NAME.test(stage)) {
    scope.report({
      rule: "InvalidStageName",
      message: `A stage cannot be named "${name.text}"`,
      span: name,
      fix: "begin with a letter and go on with letters, digits, - _ and .",
    });
  }
  return { ...from, as: stage };
}

/** StageNameCasing and FromAsCasing; a FROM of mixed case is ConsistentInstructionCasing's affair (BuildKit parse.go). */
function warnOfCasing(scope: Scope, as: Span, name: Span): void {
  const from = scope.keywordSpan.text;
  const lower = from === from.toLowerCase();
  const wanted = lower ? "as" : "AS";
  if (as.text !== wanted && (lower || from === scope.keyword)) {
    scope.report({
      severity: "warning",
      rule: "FromAsCasing",
      message: `"${as.text}" is not in the case of "${from}"`,
      span: as,
      fix: `write ${wanted}`,
    });
  }
  if (name.text === name.text.toLowerCase()) return;
  scope.report({
    severity: "warning",
    rule: "StageNameCasing",
    message: `Stage name "${name.text}" is not in lower case`,
    span: name,
    reason: "names of stages are kept in lower case, and FROM finds no other spelling",
    fix: `write ${name.text.toLowerCase()}`,
  });
}
