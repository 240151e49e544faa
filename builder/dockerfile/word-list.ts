import { isSpace } from "./spaces.ts";

/** Splits text at spaces while it is put together: text that was quoted is never split. */
export class WordList {
  readonly #words: string[] = [];
  #word = "";

  /** Adds text that splits at its spaces: plain text and the values of variables. */
  add(text: string): void {
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      if (!isSpace(text.charAt(at))) continue;
      this.#word += text.slice(start, at);
      this.#finishWord();
      start = at + 1;
    }
    this.#word += text.slice(start);
  }

  /** Adds text that belongs to the current word, spaces included. */
  addQuoted(text: string): void {
    this.#word += text;
  }

  /** All words; an empty one ("") is none, as in BuildKit. */
  finish(): readonly string[] {
    this.#finishWord();
    return this.#words;
  }

  #finishWord(): void {
    if (this.#word !== "") this.#words.push(this.#word);
    this.#word = "";
  }
}
