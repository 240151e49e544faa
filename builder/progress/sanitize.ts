/**
 * Escape sequences: CSI, then the strings that end in BEL or ST (OSC, DCS, SOS, PM, APC), then the short ones
 * (ECMA-48, 5.4 to 5.6). A string without an end stops at the end of the line. Every loop excludes what ends it.
 */
const ESCAPES =
  /(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[\x20-\x2f]*[\x30-\x7e]?/g;
/** What moves the cursor, rings, or turns the direction of writing: C0, C1, and Unicode's bidirectional controls. */
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const SUSPECT = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const COLOUR = /^\x1b\[[\d;:]*m$/;
const RESET = "\x1b[0m";
const TAB_WIDTH = 8;

/** Text of a command or of a registry, harmless to a terminal: what it wrote cannot move the cursor or retitle the window. */
export function sanitize(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return expandTabs(text.replace(ESCAPES, "").replace(CONTROLS, ""));
}

/** The same, but colours stay: for logs that people scroll through. They end with the line. */
export function sanitizeKeepingColour(text: string): string {
  if (!SUSPECT.test(text)) return text;
  // A colour stands as NUL and its number until the controls are gone; a NUL of the text's own is gone before.
  const kept: string[] = [];
  const marked = text.replaceAll("\0", "").replace(ESCAPES, (sequence) => {
    if (!COLOUR.test(sequence)) return "";
    kept.push(sequence);
    return "\0";
  });
  const clean = marked
    .split("\0")
    .map((part) => part.replace(CONTROLS, ""))
    .reduce((line, part, index) => (index === 0 ? part : line + (kept[index - 1] ?? "") + part), "");
  return kept.length === 0 || clean.endsWith(RESET) ? clean : clean + RESET;
}

function expandTabs(text: string): string {
  if (!text.includes("\t")) return text;
  let line = "";
  for (const part of text.split(/(\t)/)) {
    line += part === "\t" ? " ".repeat(TAB_WIDTH - (line.length % TAB_WIDTH)) : part;
  }
  return line;
}
