import { splitBlanks } from "../words.ts";
import type { FromInstruction } from "../types.ts";
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
