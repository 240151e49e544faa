/** Two cells in a terminal: East Asian wide and full-width characters (Unicode annex 11) and emoji. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;
/** No cell of their own: marks, joiners, selectors. */
const NOTHING = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

let segmenter: Intl.Segmenter | undefined;

/** How many cells of a terminal a text takes. It has no controls: `sanitize` came first. */
export function widthOf(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const cluster of clusters(text)) width += clusterWidth(cluster);
  return width;
}

/** The text where it fits in `width` cells, else its beginning and an ellipsis. */
export function truncate(text: string, width: number): string {
  // A line of megabytes is not measured to its end: no character of 32 code units fills one cell.
  const near = text.length > width * 32 ? text.slice(0, width * 32) : text;
  if (widthOf(near) <= width && near.length === text.length) return text;
  if (width <= 0) return "";
  let used = 0;
  let kept = "";
  for (const cluster of PRINTABLE_ASCII.test(near) ? near : clusters(near)) {
    const next = clusterWidth(cluster);
    if (used + next > width - 1) break;
    used += next;
    kept += cluster;
  }
  return `${kept}…`;
}

/** The text and spaces up to `width` cells. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** What a reader takes for one character: an emoji of several code points, a letter with its accents. */
function* clusters(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

function clusterWidth(cluster: string): number {
  if (NOTHING.test(cluster)) return 0;
  return WIDE.test(cluster) ? 2 : 1;
}
