import { ExpansionError } from "./expansion-error.ts";
import { lex } from "./shell-lexer.ts";
import type { Heredoc } from "./types.ts";

/** `<<EOF` as it stands in a line: all of a heredoc but its body. */
export type HeredocStart = Omit<Heredoc, "body" | "range">;

const START = /^(\d*)<<(-?)([^<]*)$/;
const QUOTES = /['"]/g;
const MAX_FD = 0x7fffffff;

/** The heredocs that an instruction's logical line opens (BuildKit heredocsFromLine): none where its quotes do not match. */
export function findHeredocs(line: string): readonly HeredocStart[] {
  const words = tryLex(line, { rawQuotes: true, rawEscapes: true }) ?? [];
  return words.flatMap((word) => parseHeredocStart(word) ?? []);
}

/** A word that is nothing but `<<EOF`, or undefined (BuildKit ParseHeredoc). */
export function parseHeredocStart(word: string): HeredocStart | undefined {
  const match = START.exec(word);
  const name = match?.[3]?.trimStart() ?? "";
  if (match === null || name === "") return undefined;
  const plain = tryLex(name, {});
  const quoted = tryLex(name, { rawQuotes: true });
  const [delimiter] = plain ?? [];
  if (delimiter === undefined || plain?.length !== 1) return undefined;
  return {
    name: delimiter,
    // More quotes before they are resolved than after: some part of the word was quoted.
    expand: countQuotes(delimiter) === countQuotes(quoted?.[0] ?? ""),
    chomp: match[2] === "-",
    fd: Math.min(Number(match[1]), MAX_FD),
  };
}

/** Whether a line without its line ending is the end of a heredoc. */
export function endsHeredoc(line: string, heredoc: HeredocStart): boolean {
  return (heredoc.chomp ? line.replace(/^\t+/, "") : line) === heredoc.name;
}

/** The body of `<<-`: without the tabs that its lines begin with. Lines end at `\n` alone, as everywhere in a Dockerfile. */
export function chompTabs(body: string): string {
  return body.replace(/(^|\n)\t+/g, "$1");
}

function tryLex(
  text: string,
  raw: { readonly rawQuotes?: boolean; readonly rawEscapes?: boolean },
): readonly string[] | undefined {
  try {
    return lex(text, { escape: "\\", lookup: () => undefined, keepUnset: true, split: true, ...raw }).words;
  } catch (error) {
    if (error instanceof ExpansionError) return undefined;
    throw error;
  }
}

function countQuotes(text: string): number {
  return text.match(QUOTES)?.length ?? 0;
}
