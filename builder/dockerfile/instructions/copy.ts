import { parseHeredocStart } from "../heredoc.ts";
import type { CopyInstruction, Word } from "../types.ts";
import { splitWords } from "../words.ts";
import { readFlags, type FlagKind } from "./read-flags.ts";
import { readWords } from "./read-words.ts";
import { reportMissing, type Scope } from "./scope.ts";

const COMMON = { chown: "string", chmod: "string", link: "boolean", exclude: "many" } as const;
const COPY_FLAGS: Readonly<Record<string, FlagKind>> = { ...COMMON, from: "string", parents: "boolean" };
const ADD_FLAGS: Readonly<Record<string, FlagKind>> = {
  ...COMMON,
  checksum: "string",
  "keep-git-dir": "boolean",
  unpack: "boolean",
};

/** COPY. */
export function parseCopy(scope: Scope): CopyInstruction | undefined {
  return parse(scope, "copy", COPY_FLAGS);
}

/** ADD. */
export function parseAdd(scope: Scope): CopyInstruction | undefined {
  return parse(scope, "add", ADD_FLAGS);
}

function parse(
  scope: Scope,
  kind: CopyInstruction["kind"],
  kinds: Readonly<Record<string, FlagKind>>,
): CopyInstruction | undefined {
  const flags = readFlags(scope, kinds);
  const paths = readPaths(scope);
  const from = flags.word("from");
  if (from?.raw.includes("$")) {
    scope.report({
      rule: "VariableInFrom",
      message: "COPY --from takes no variables",
      span: scope.flags.find((flag) => flag.name === "from")?.span ?? scope.rest,
      fix: `write FROM ${from.raw} AS NAME further up, and COPY --from=NAME here`,
    });
  }
  if (paths === undefined) return undefined;
  const chown = flags.word("chown");
  const chmod = flags.word("chmod");
  const checksum = flags.word("checksum");
  const keepGitDir = flags.boolean("keep-git-dir");
  const unpack = flags.boolean("unpack");
  return {
    kind,
    ...scope.base,
    ...paths,
    ...(from && { from }),
    ...(chown && { chown }),
    ...(chmod && { chmod }),
    link: flags.boolean("link") ?? false,
    parents: flags.boolean("parents") ?? false,
    exclude: flags.words("exclude"),
    ...(checksum && { checksum }),
    ...(keepGitDir === undefined ? {} : { keepGitDir }),
    ...(unpack === undefined ? {} : { unpack }),
  };
}

type Paths = Pick<CopyInstruction, "sources" | "heredocs" | "dest">;

function readPaths(scope: Scope): Paths | undefined {
  const read = readWords(scope);
  if (read === undefined) return undefined;
  const { json, words } = read;
  const dest = words.at(-1);
  if (dest === undefined || words.length < 2) {
    const { keyword } = scope;
    const message = dest === undefined ? `${keyword} has no arguments` : `${keyword} has no destination`;
    return reportMissing(scope, message, `write ${keyword} SOURCE… DESTINATION`);
  }
  if (json) return { sources: words.slice(0, -1), heredocs: [], dest };
  if (isHeredoc(dest)) {
    reportHeredoc(scope, `The destination of ${scope.keyword} cannot be a heredoc`);
    return undefined;
  }
  if (words.some(({ raw }) => hasOpenQuote(raw, scope.escape))) {
    reportQuotes(scope);
    return undefined;
  }
  checkHeredocs(scope, words.filter(isHeredoc).length);
  const sources = words.slice(0, -1).filter((word) => !isHeredoc(word));
  return { sources, heredocs: scope.heredocs, dest };
}

function isHeredoc(word: Word): boolean {
  return parseHeredocStart(word.raw) !== undefined;
}

/** BuildKit looks for heredocs twice, once with the shell's quotes and once at blanks: where they differ a body is lost. */
function checkHeredocs(scope: Scope, found: number): void {
  if (found !== scope.heredocs.length && scope.unterminated === undefined)
    reportHeredoc(scope, "A heredoc here has spaces in its name, or quotes on this line do not match");
  for (const { name } of scope.heredocs) {
    if (name.includes("/") || name === "." || name === "..")
      reportHeredoc(scope, `"${name}" is not a file name`);
  }
}

function reportHeredoc(scope: Scope, message: string): void {
  scope.report({
    rule: "InvalidHeredoc",
    message,
    span: scope.rest,
    fix: `write ${scope.keyword} <<EOF DESTINATION`,
  });
}

/** `COPY "a b" c`: the shell would take this for two words, and BuildKit splits it into three with two open quotes. */
function reportQuotes(scope: Scope): void {
  const meant = splitWords(scope.rest, scope.escape).map(({ text }) => text.replace(/["']/g, ""));
  scope.report({
    rule: "QuotedPath",
    message: `${scope.keyword} splits at every space: quotes hold no words together here`,
    span: scope.rest,
    fix: `write ${scope.keyword} ${JSON.stringify(meant).replaceAll('","', '", "')}`,
  });
}

function hasOpenQuote(word: string, escape: string): boolean {
  if (!word.includes('"') && !word.includes("'")) return false;
  let quote = "";
  for (let at = 0; at < word.length; at++) {
    const char = word.charAt(at);
    if (char === escape && quote !== "'") at++;
    else if (quote !== "" && char === quote) quote = "";
    else if (quote === "" && (char === '"' || char === "'")) quote = char;
  }
  return quote !== "";
}
