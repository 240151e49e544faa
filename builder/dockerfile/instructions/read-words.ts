import { execFormSpans, parseExecForm } from "../exec-form.ts";
import type { Word } from "../types.ts";
import { splitBlanks } from "../words.ts";
import { reportNoJson, reportNotStrings } from "./read-command.ts";
import { toWord, type Scope } from "./scope.ts";

/** Words at blanks, or the elements of a JSON array (BuildKit parseMaybeJSONToList); undefined where that has other things. */
export function readWords(
  scope: Scope,
): { readonly json: boolean; readonly words: readonly Word[] } | undefined {
  const exec = parseExecForm(scope.rest);
  switch (exec.form) {
    case "shell":
      if (exec.meant) reportNoJson(scope, scope.rest, "they are split at spaces", "first", "second");
      return { json: false, words: splitBlanks(scope.rest).map((span) => toWord(scope, span)) };
    case "json": {
      const spans = execFormSpans(scope.rest);
      const words = exec.values.map((raw, index) => ({
        raw,
        range: scope.rangeOf(spans[index] ?? scope.rest),
      }));
      return { json: true, words };
    }
    case "invalid":
      reportNotStrings(scope, scope.rest);
      return undefined;
  }
}
