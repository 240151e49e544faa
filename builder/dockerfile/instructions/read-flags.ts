import { didYouMean } from "../../core/suggest.ts";
import type { RawFlag } from "../flags.ts";
import { part } from "../span.ts";
import type { Flag, Word } from "../types.ts";
import { toWord, type Scope } from "./scope.ts";

/** `many` may be repeated; `later` is known to BuildKit and not supported here yet. */
export type FlagKind = "boolean" | "string" | "many" | "later";

/** The flags of one instruction, checked. */
export interface ReadFlags {
  /** In order, without those that are wrong. */
  readonly all: readonly Flag[];
  /** Undefined where it is not given or empty, which is the same to BuildKit. */
  word(name: string): Word | undefined;
  words(name: string): readonly Word[];
  /** Undefined where it is not given. */
  boolean(name: string): boolean | undefined;
}

/** Checks flags against those that the instruction takes (BuildKit bflag.go). */
export function readFlags(scope: Scope, kinds: Readonly<Record<string, FlagKind>>): ReadFlags {
  const all = scope.flags.flatMap((flag, index) => {
    const wrong = problemOf(scope, flag, scope.flags.slice(0, index), kinds);
    if (wrong === undefined) return [toFlag(scope, flag)];
    scope.report({ ...wrong, span: flag.span });
    return [];
  });
  const words = (name: string): readonly Word[] =>
    all.flatMap((flag) => (flag.name === name && flag.value?.raw ? [flag.value] : []));
  return {
    all,
    word: (name) => words(name)[0],
    words,
    boolean: (name) => {
      const flag = all.find((flag) => flag.name === name);
      return flag === undefined ? undefined : flag.value?.raw.toLowerCase() !== "false";
    },
  };
}

interface FlagProblem {
  readonly rule: string;
  readonly message: string;
  readonly fix?: string;
}

function problemOf(
  scope: Scope,
  { name, value }: RawFlag,
  earlier: readonly RawFlag[],
  kinds: Readonly<Record<string, FlagKind>>,
): FlagProblem | undefined {
  const shown = `--${name}`;
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) {
    const names = Object.keys(kinds).filter((known) => kinds[known] !== "later");
    const known = names.map((known) => `--${known}`).join(", ");
    return {
      rule: "UnknownFlag",
      message: `${scope.keyword} has no flag "${shown}"`,
      fix:
        didYouMean(
          shown,
          names.map((known) => `--${known}`),
        ) ?? (known === "" ? `${scope.keyword} takes no flags` : `it takes ${known}`),
    };
  }
  if (kind === "later") {
    return { rule: "UnsupportedFlag", message: `${scope.keyword} ${shown} is not supported yet` };
  }
  if (kind !== "many" && earlier.some((flag) => flag.name === name)) {
    return { rule: "DuplicateFlag", message: `The flag "${shown}" is given twice`, fix: "keep one of them" };
  }
  if (kind === "boolean") {
    if (value === undefined || /^(?:true|false)$/i.test(value)) return undefined;
    return {
      rule: "InvalidFlag",
      message: `The flag "${shown}" cannot be "${value}"`,
      fix: `write ${shown}, ${shown}=true or ${shown}=false`,
    };
  }
  if (value !== undefined) return undefined;
  return {
    rule: "InvalidFlag",
    message: `The flag "${shown}" has no value`,
    fix: `write ${shown}=VALUE, without a space`,
  };
}

function toFlag(scope: Scope, { name, value, span }: RawFlag): Flag {
  const range = scope.rangeOf(span);
  if (value === undefined) return { name, range };
  const written = toWord(scope, part(span, span.text.indexOf("=") + 1));
  return { name, value: { raw: value, range: written.range }, range };
}
