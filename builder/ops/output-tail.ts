const LINES = 20;
const LINE_BYTES = 2000;

/** Keeps the last lines of a command's output, for the error that says how it failed. */
export class OutputTail {
  #text = "";

  add(data: Buffer): void {
    this.#text += data.toString("utf8");
    if (this.#text.length > 4 * LINES * LINE_BYTES) this.#text = this.#text.slice(-2 * LINES * LINE_BYTES);
  }

  lines(): string[] {
    const lines = this.#text.split(/\r?\n/);
    if (lines.at(-1) === "") lines.pop();
    return lines.slice(-LINES).map((line) => line.slice(-LINE_BYTES));
  }
}
