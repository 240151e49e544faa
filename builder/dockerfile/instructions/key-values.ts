import { part, type Span } from "../span.ts";
import { splitFirst, splitWords } from "../words.ts";
import type { ArgInstruction, EnvInstruction, KeyValue, LabelInstruction } from "../types.ts";
import { readFlags } from "./read-flags.ts";
import { reportMissing, toWord, type Scope } from "./scope.ts";

type Pair = Required<KeyValue>;

/** ARG NAME, ARG NAME=default, several of them. */
export function parseArg(scope: Scope): ArgInstruction | undefined {
  readFlags(scope, {});
  const words = splitWords(scope.rest, scope.escape);
  if (words.length === 0)
    return reportMissing(scope, "ARG has no name", "write ARG NAME or ARG NAME=default");
  const args = words.flatMap((word) => {
    if (!word.text.includes("=")) return [{ key: toWord(scope, word) }];
    return splitPair(scope, word) ?? [];
  });
  return { kind: "arg", ...scope.base, args };
}

/** ENV KEY=value…, and the old ENV KEY value. */
export function parseEnv(scope: Scope): EnvInstruction | undefined {
  const pairs = readPairs(scope);
  return pairs && { kind: "env", ...scope.base, pairs };
}

/** LABEL, with the same two forms. */
export function parseLabel(scope: Scope): LabelInstruction | undefined {
  const pairs = readPairs(scope);
  return pairs && { kind: "label", ...scope.base, pairs };
}

function readPairs(scope: Scope): readonly Pair[] | undefined {
  readFlags(scope, {});
  const words = splitWords(scope.rest, scope.escape);
  const [first] = words;
  const example = `write ${scope.keyword} KEY=value`;
  if (first === undefined) return reportMissing(scope, `${scope.keyword} has no arguments`, example);
  if (!first.text.includes("=")) {
    // BuildKit parseNameVal: without "=" in the first word, all that follows it is one value, quotes and all.
    const { first: key, after: value } = splitFirst(scope.rest);
    if (value === undefined) return reportMissing(scope, `"${key.text}" has no value`, example);
    scope.report({
      severity: "warning",
      rule: "LegacyKeyValueFormat",
      message: `${scope.keyword} "${key.text}" is in the old form, with a space before its value`,
      span: scope.rest,
      reason: "it takes one pair only, and all that follows is its value",
      fix: `write ${scope.keyword} ${key.text}=VALUE`,
    });
    return [{ key: toWord(scope, key), value: toWord(scope, value) }];
  }
  return words.flatMap((word) => splitPair(scope, word) ?? []);
}

function splitPair(scope: Scope, word: Span): Pair | undefined {
  const equals = word.text.indexOf("=");
  if (equals > 0) {
    return {
      key: toWord(scope, part(word, 0, equals)),
      value: toWord(scope, part(word, equals + 1)),
    };
  }
  scope.report({
    rule: "InvalidKeyValue",
    message: equals === 0 ? `"${word.text}" has no name before its "="` : `"${word.text}" has no "="`,
    span: word,
    fix: 'write KEY=value, and KEY="two words" where the value has spaces',
  });
  return undefined;
}
