import { TsbuildError } from "../core/errors.ts";
import type { Io } from "./types.ts";

const [CTRL_C, CTRL_D, CTRL_U, BACKSPACE, DELETE] = ["\x03", "\x04", "\x15", "\b", "\x7f"];

/** Asks questions on a terminal, one after another. To be closed: it holds standard input. */
export class Prompt implements Disposable {
  readonly #io: Io;
  readonly #input: AsyncIterator<Uint8Array>;
  #rest = "";

  constructor(io: Io) {
    this.#io = io;
    this.#input = io.stdin.read()[Symbol.asyncIterator]();
  }

  /** A line. */
  async ask(question: string): Promise<string> {
    this.#io.stderr.write(question);
    let line = "";
    for (;;) {
      const key = await this.#key();
      if (key === undefined || key === "\n" || key === "\r") return line.trim();
      line += key;
    }
  }

  /** A line that nobody sees. */
  async askHidden(question: string): Promise<string> {
    this.#io.stdin.setRawMode(true);
    try {
      this.#io.stderr.write(question);
      let line = "";
      for (;;) {
        const key = await this.#key();
        if (key === undefined || key === "\n" || key === "\r" || key === CTRL_D) return line;
        if (key === CTRL_C) throw new TsbuildError("INTERRUPTED", "Cannot log in: it was interrupted");
        if (key === CTRL_U) line = "";
        else if (key === BACKSPACE || key === DELETE) line = line.slice(0, -1);
        else line += key;
      }
    } finally {
      this.#io.stdin.setRawMode(false);
      this.#io.stderr.write("\n");
    }
  }

  [Symbol.dispose](): void {
    this.#io.stdin.close();
  }

  async #key(): Promise<string | undefined> {
    if (this.#rest === "") {
      const { value, done } = await this.#input.next();
      if (done === true) return undefined;
      this.#rest = Buffer.from(value).toString("utf8");
    }
    const [key = ""] = this.#rest;
    this.#rest = this.#rest.slice(key.length);
    return key;
  }
}
