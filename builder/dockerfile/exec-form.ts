import { leadingSpaces } from "./spaces.ts";
import { part, type Span } from "./span.ts";

/** Arguments written as a JSON array, or the reason why they are not one. */
export type ExecForm =
  | { readonly form: "json"; readonly values: readonly string[] }
  /** Not JSON: the shell form, silently, as in BuildKit. `meant` where it looks like a JSON array that went wrong. */
  | { readonly form: "shell"; readonly meant: boolean }
  /** JSON, but an element is not a string: an error. */
  | { readonly form: "invalid" };

const LOOKS_LIKE_JSON = /^\[\s*["']/;
const JSON_STRING = /"(?:[^"\\]|\\.)*"/g;

/** Reads the exec form (BuildKit parseJSON): only what begins with `[` and is JSON from there to the end. */
export function parseExecForm(span: Span): ExecForm {
  const text = span.text.slice(leadingSpaces(span.text));
  if (!text.startsWith("[")) return { form: "shell", meant: false };
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    return { form: "shell", meant: LOOKS_LIKE_JSON.test(text) };
  }
  if (!Array.isArray(values) || !values.every((value) => typeof value === "string"))
    return { form: "invalid" };
  return { form: "json", values: values.map(wellFormed) };
}

/** Where the elements of an exec form stand. */
export function execFormSpans(span: Span): readonly Span[] {
  return [...span.text.matchAll(JSON_STRING)].map((match) =>
    part(span, match.index, match.index + match[0].length),
  );
}

/** Half of a surrogate pair (`"\ud800"`) becomes U+FFFD, as Go's decoder has it: it has no UTF-8 form. */
function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? Buffer.from(text, "utf8").toString("utf8") : text;
}
