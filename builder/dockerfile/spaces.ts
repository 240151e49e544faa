/** What Go's unicode.IsSpace knows: not quite JavaScript's `\s`, which has U+FEFF and lacks U+0085. */
const GO_SPACES = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SPACE = new RegExp(`[${GO_SPACES}]`);
const NOT_SPACE = new RegExp(`[^${GO_SPACES}]`);

/** Whether Go's unicode.IsSpace says so, which BuildKit's parser asks. */
export function isSpace(char: string): boolean {
  const code = char.charCodeAt(0);
  // Most characters are ASCII: this is asked for every character of a Dockerfile.
  return code < 0x80 ? code === 32 || (code >= 9 && code <= 13) : SPACE.test(char);
}

/** How many leading characters of `text` are spaces. */
export function leadingSpaces(text: string): number {
  const found = text.search(NOT_SPACE);
  return found < 0 ? text.length : found;
}

/** The length of `text` without its trailing spaces. */
export function trimmedLength(text: string): number {
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end--;
  return end;
}
