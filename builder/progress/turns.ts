import type { Screen } from "./types.ts";

/** Who is on show gives way to others after so long a silence, or so long a turn (ms). */
const SILENCE = 500;
const TURN = 5000;
/** Lines are written together when they come faster than anybody reads (ms). */
const BATCH = 20;

/** One that talks: what it says stands under its number. */
export interface Speaker {
  readonly number: number;
  readonly name: string;
  readonly started: number;
  /** Lines that wait for its turn. */
  readonly waiting: string[];
  ended: boolean;
}

/** Who orders the lines of all those that talk at once. */
export interface Floor {
  /** A new speaker, whose name is shown when it has the screen. */
  join(name: string, time: number): Speaker;
  say(from: Speaker, time: number, lines: readonly string[]): void;
  /** Its last words. */
  end(from: Speaker, time: number, lines: readonly string[]): void;
  /** A line of nobody's: it waits for no turn. */
  remark(line: string): void;
  /** Gives the screen to those that wait, if it is time to. */
  settle(time: number): void;
  flushSoon(): void;
  flush(): void;
  /** Everybody that waits gets to say what there is. */
  close(): void;
}

/**
 * One log for many that talk at once. The lines of one stay together: those of others wait until it ends, falls silent
 * or had its turn.
 */
export class Turns implements Floor {
  readonly #screen: Screen;
  readonly #queue = new Set<Speaker>();
  #count = 0;
  #onShow: Speaker | undefined;
  #turnBegan = 0;
  #lastLine = 0;
  #out = "";
  #turn: NodeJS.Timeout | undefined;
  #batch: NodeJS.Timeout | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  join(name: string, time: number): Speaker {
    const speaker: Speaker = { number: ++this.#count, name, started: time, waiting: [], ended: false };
    this.say(speaker, time, []);
    return speaker;
  }

  say(from: Speaker, time: number, lines: readonly string[]): void {
    for (const line of lines) from.waiting.push(`#${from.number} ${line}`);
    if (this.#onShow === undefined) this.#show(from, time);
    else if (this.#onShow === from) {
      this.#lastLine = time;
      this.#print(from.waiting.splice(0));
    } else this.#queue.add(from);
  }

  end(from: Speaker, time: number, lines: readonly string[]): void {
    from.ended = true;
    this.say(from, time, lines);
    if (this.#onShow === from) this.#leave();
  }

  remark(line: string): void {
    this.#print([line]);
  }

  settle(time: number): void {
    if (this.#queue.size === 0) return;
    if (this.#onShow !== undefined) {
      if (time - this.#lastLine < SILENCE && time - this.#turnBegan < TURN) return this.#settleLater();
      this.remark(`#${this.#onShow.number} ...`);
      this.#leave();
    }
    for (const next of this.#queue) if (next.ended) this.#show(next, time);
    const [next] = this.#queue;
    if (next !== undefined) this.#show(next, time);
    if (this.#queue.size > 0) this.#settleLater();
  }

  flushSoon(): void {
    this.#batch ??= setTimeout(() => this.flush(), BATCH).unref();
  }

  flush(): void {
    clearTimeout(this.#batch);
    this.#batch = undefined;
    const text = this.#out;
    this.#out = "";
    if (text !== "") this.#screen.write(text);
  }

  close(): void {
    clearTimeout(this.#turn);
    if (this.#onShow !== undefined) this.#leave();
    for (const next of this.#queue) {
      next.ended = true;
      this.#show(next, this.#turnBegan);
    }
    this.flush();
  }

  #show(next: Speaker, time: number): void {
    this.#onShow = next;
    this.#turnBegan = this.#lastLine = time;
    this.#queue.delete(next);
    this.#print([`#${next.number} ${next.name}`, ...next.waiting.splice(0)]);
    if (next.ended) this.#leave();
  }

  #leave(): void {
    this.#print([""]);
    this.#onShow = undefined;
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) this.#out += `${line}\n`;
  }

  #settleLater(): void {
    this.#turn ??= setTimeout(() => {
      this.#turn = undefined;
      this.settle(Date.now());
      this.flush();
    }, SILENCE).unref();
  }
}
