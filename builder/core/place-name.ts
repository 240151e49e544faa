const PRIME = 0x01000193;
const BASES = [0x811c9dc5, 0x1000193];

/**
 * A file name for what is remembered of a place: 16 digits, FNV-1a of two bases. Not a digest, for node:crypto takes three
 * milliseconds to load: what is in such a file has to say itself whose it is.
 */
export function placeName(text: string): string {
  const halves = BASES.map((base) => {
    let hash = base;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
    return (hash >>> 0).toString(16).padStart(8, "0");
  });
  return halves.join("");
}
