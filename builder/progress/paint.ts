import { stripStyle } from "./style.ts";
import type { Screen } from "./types.ts";
import { widthOf } from "./width.ts";

/** Synchronised output (DEC private mode 2026): a terminal that knows it shows a frame at once, others ignore it. */
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/** Draws frames over each other at the bottom of a terminal; what scrolled away is left alone. */
export class Painter {
  readonly #screen: Screen;
  #lines: readonly string[] = [];
  #columns: number;
  #cursorHidden = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#columns = screen.columns;
  }

  /** Replaces the last frame; only lines that changed are written. */
  paint(lines: readonly string[]): void {
    const { columns } = this.#screen;
    const text = columns === this.#columns ? this.#changes(lines) : this.#afresh(lines, columns);
    this.#lines = lines;
    this.#columns = columns;
    if (text === "") return;
    const hide = this.#cursorHidden ? "" : HIDE_CURSOR;
    this.#cursorHidden = true;
    this.#screen.write(`${BEGIN}${hide}${text}${END}`);
  }

  /** The last frame stays, the cursor comes back below it. */
  release(): void {
    if (this.#cursorHidden) this.#screen.write(SHOW_CURSOR);
    this.#cursorHidden = false;
    this.#lines = [];
  }

  #changes(lines: readonly string[]): string {
    const before = this.#lines;
    const same = lines.findIndex((line, index) => line !== before[index]);
    const first = same < 0 ? lines.length : same;
    if (first === lines.length && lines.length === before.length) return "";
    let text = up(before.length - first);
    for (let row = first; row < lines.length; row++) {
      text += lines[row] === before[row] ? "\n" : `${lines[row] ?? ""}${CLEAR_LINE}\n`;
    }
    return before.length > lines.length ? text + CLEAR_BELOW : text;
  }

  /** A terminal that became narrower has broken the old lines in two: it is that many rows up to where they began. */
  #afresh(lines: readonly string[], columns: number): string {
    const rows = this.#lines.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(stripStyle(line)) / columns)),
      0,
    );
    return `${up(rows)}${CLEAR_BELOW}${lines.map((line) => `${line}\n`).join("")}`;
  }
}

function up(rows: number): string {
  return rows > 0 ? `\r\x1b[${rows}A` : "\r";
}
