/** The tokens of JSON that say where keys are; what is between them does not matter. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * The first key that an object of a JSON text has twice, or undefined. JSON.parse takes the later one and others the
 * earlier (RFC 8259, 4): two tools would read two documents out of the same bytes. The text is JSON, as JSON.parse says.
 */
export function duplicateKey(text: string): string | undefined {
  /** The keys of each object that is open; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const keys = open.at(-1);
      const key = last.includes("\\") ? (JSON.parse(last) as string) : last.slice(1, -1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    } else if (token !== ",") last = token;
  }
  return undefined;
}
