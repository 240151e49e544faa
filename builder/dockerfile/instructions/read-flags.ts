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

const NO_FLAGS: ReadFlags = {
  all: [],
  word: () => undefined,
  words: () => [],
  boolean: () => undefined,
};

/** Checks flags against those that the instruction takes (BuildKit bflag.go). */
export function readFlags(scope: Scope, kinds: Readonly<Record<string, FlagKind>>): ReadFlags {
  if (scope.flags.length === 0) return NO_FLAGS;
  const all: Flag[] = [];
  const seen = new Set<string>();
  for (const flag of scope.flags) {
    const wrong = problemOf(scope.keyword, flag, seen.has(flag.name), kinds);
    seen.add(flag.name);
    if (wrong === undefined) all.push(toFlag(scope, flag));
    else scope.report({ ...wrong, span: flag.span });
  }
  const given = (name: string): Flag | undefined => all.find((flag) => flag.name === name);
  return {
    all,
    word: (name) => {
      const value = given(name)?.value;
      return value?.raw ? value : undefined;
    },
    words: (name) => all.flatMap((flag) => (flag.name === name && flag.value?.raw ? [flag.value] : [])),
    boolean: (name) => {
      const flag = given(name);
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
  keyword: string,
  { name, value }: RawFlag,
  repeated: boolean,
  kinds: Readonly<Record<string, FlagKind>>,
): FlagProblem | undefined {
  const shown = `--${name}`;
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) {
    const known = Object.keys(kinds).filter((name) => kinds[name] !== "later");
    const flags = known.map((name) => `--${name}`);
    const usage = known.length === 0 ? `${keyword} takes no flags` : `it takes ${flags.join(", ")}`;
    return {
      rule: "UnknownFlag",
      message: `${keyword} has no flag "${shown.slice(0, 80)}"`,
      fix: didYouMean(shown, flags) ?? usage,
    };
  }
  if (kind === "later") {
    return { rule: "UnsupportedFlag", message: `${keyword} ${shown} is not supported yet` };
  }
  if (kind !== "many" && repeated) {
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
