/** A terminal small enough to check by hand: lines that scroll, a cursor, and the sequences that the painter uses. */
export class FakeTerminal {
  readonly isTTY = true;
  columns: number;
  rows: number;
  cursorShown = true;
  writes = 0;
  bytes = 0;
  /** All lines, scrolled ones too. */
  readonly lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  #listeners = new Set<() => void>();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  get text(): string {
    const lines = this.lines.map((line) => line.join("").trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines.join("\n");
  }

  onResize(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Narrower: lines that no longer fit go on in the next row, as terminals do. */
  resize(columns: number): void {
    const before = this.lines.splice(0).map((line) => line.join("").trimEnd());
    let row = 0;
    for (const [index, line] of before.entries()) {
      if (index === this.#row) row = this.lines.length;
      this.lines.push(Array.from(line.slice(0, columns)));
      for (let rest = line.slice(columns); rest !== ""; rest = rest.slice(columns)) {
        this.lines.push(Array.from(rest.slice(0, columns)));
      }
    }
    this.#row = row;
    this.columns = columns;
    for (const listener of this.#listeners) listener();
  }

  write(text: string): void {
    this.writes++;
    this.bytes += text.length;
    for (const [part] of text.matchAll(/\x1b\[\??\d*[A-Za-z]|[^]/gu)) this.#put(part);
  }

  #put(part: string): void {
    if (part === "\n") {
      this.#row++;
      this.#column = 0;
      this.lines[this.#row] ??= [];
    } else if (part === "\r") this.#column = 0;
    else if (part === "\x1b[K") this.lines[this.#row]?.splice(this.#column);
    else if (part === "\x1b[J") {
      this.lines[this.#row]?.splice(this.#column);
      this.lines.splice(this.#row + 1);
    } else if (part === "\x1b[?25l") this.cursorShown = false;
    else if (part === "\x1b[?25h") this.cursorShown = true;
    else if (/^\x1b\[\d+A$/.test(part)) {
      const top = Math.max(0, this.lines.length - this.rows);
      this.#row = Math.max(top, this.#row - Number(part.slice(2, -1)));
    } else if (part.startsWith("\x1b[") && !part.startsWith("\x1b[?2026") && !part.endsWith("m")) {
      throw new Error(`the fake terminal does not know ${JSON.stringify(part)}`);
    } else if (!part.startsWith("\x1b")) {
      const line = (this.lines[this.#row] ??= []);
      line[this.#column++] = part;
    }
  }
}
