import { didYouMean } from "../../core/suggest.ts";
import type { LogicalLine } from "../logical-lines.ts";

/** What makes a line look as if it went on below. */
const OPEN_END = /(?:&&|\|\|?|;|,|\\\\)$/;
const OTHER_SPACE = /[^\S\t\n\v\f\r ]|[\u200b\u2060]/;
const HEREDOC_ALIKE = /<<-?\s*['"\\]?\w/;

/** Why a line that is no instruction may have been meant as part of the one above, or what it may have been meant to be. */
export function explainUnknown(
  keyword: string,
  known: Iterable<string>,
  above: LogicalLine | undefined,
): { readonly reason?: string; readonly fix?: string } {
  const text = above?.text.trimEnd() ?? "";
  if (OPEN_END.test(text)) {
    return {
      reason: "the instruction above ends where its line ends",
      fix: text.endsWith("\\\\")
        ? "if this belongs to it, end the line above with one escape character: two stand for a plain one"
        : "if this belongs to it, end the line above with the escape character",
    };
  }
  if (above?.heredocs.length === 0 && HEREDOC_ALIKE.test(text)) {
    return {
      reason: "the instruction above opens no heredoc, so its text is not part of it",
      fix: "put a space before << and none behind it, and close every quote on that line",
    };
  }
  if (OTHER_SPACE.test(keyword)) {
    return {
      reason: "it has a space in it that is no plain one, such as U+00A0",
      fix: "type the space again: editors and web pages put such ones in",
    };
  }
  const fix = didYouMean(keyword, known);
  return fix === undefined ? {} : { fix };
}
