import { TsbuildError } from "../core/errors.ts";

/** One record of RFC 4180, as docker reads `type=tar,"dest=a,b"`: quotes keep commas, two of them stand for one. */
function csvFields(text: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const [field, next] = quoted(text, at + 1);
      fields.push(field);
      at = next;
    } else {
      const comma = text.indexOf(",", at);
      const end = comma < 0 ? text.length : comma;
      fields.push(text.slice(at, end));
      at = end;
    }
    if (at >= text.length) return fields;
    at++;
  }
}

function quoted(text: string, from: number): [field: string, next: number] {
  let field = "";
  for (let at = from; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new TsbuildError("USAGE", `Cannot read ${text}: a quote has no end`);
    field += text.slice(at, quote);
    const after = text[quote + 1];
    if (after !== '"') {
      if (after === undefined || after === ",") return [field, quote + 1];
      throw new TsbuildError("USAGE", `Cannot read ${text}: a comma is missing behind a quote`);
    }
    field += '"';
    at = quote + 2;
  }
}

/** `key=value` fields as a map; a field without `=` has the value "true", as docker takes it. */
export function csvPairs(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const field of csvFields(text)) {
    const equals = field.indexOf("=");
    const key = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    if (pairs.has(key)) throw new TsbuildError("USAGE", `Cannot read ${text}: it has "${key}" twice`);
    pairs.set(key, equals < 0 ? "true" : field.slice(equals + 1));
  }
  return pairs;
}
