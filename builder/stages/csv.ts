/** One record as Go's encoding/csv reads it: a field in quotes may hold commas, and `""` in it is a quote. */
export function parseCsv(text: string): readonly string[] | { readonly wrong: string } {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const quoted = /"((?:[^"]|"")*)"(?=,|$)/y;
      quoted.lastIndex = at;
      const match = quoted.exec(text);
      if (match === null)
        return { wrong: "a quoted field does not end, or something follows its closing quote" };
      fields.push((match[1] ?? "").replaceAll('""', '"'));
      at = quoted.lastIndex;
    } else {
      const comma = text.indexOf(",", at);
      const field = text.slice(at, comma < 0 ? text.length : comma);
      if (field.includes('"'))
        return { wrong: "a quote stands inside a field; quote the whole field, with its key" };
      fields.push(field);
      at += field.length;
    }
    if (at >= text.length) return fields;
    at += 1;
  }
}
