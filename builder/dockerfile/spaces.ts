/** What Go's unicode.IsSpace knows: not quite JavaScript's `\s`, which has U+FEFF and lacks U+0085. */
const GO_SPACES = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
let anySpace: RegExp | undefined;

/** Whether Go's unicode.IsSpace says so, which BuildKit's parser asks. */
export function isSpace(char: string): boolean {
  return isSpaceAt(char, 0);
}

/** The same of the character at a place; false at the end of the text. */
export function isSpaceAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  // Most characters are ASCII: this is asked for every character of a Dockerfile.
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13);
  return code >= 0x80 && (anySpace ??= new RegExp(`[${GO_SPACES}]`)).test(text.charAt(at));
}

/** How many leading characters of `text` are spaces. */
export function leadingSpaces(text: string): number {
  let at = 0;
  while (isSpaceAt(text, at)) at++;
  return at;
}

/** The length of `text` without its trailing spaces. */
export function trimmedLength(text: string): number {
  let end = text.length;
  while (isSpaceAt(text, end - 1)) end--;
  return end;
}
