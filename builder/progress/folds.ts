import type { Floor, Speaker } from "./turns.ts";
import type { Screen } from "./types.ts";

/** How a CI service writes a part of a log that folds. */
export interface FoldStyle {
  open(number: number, title: string, time: number): string;
  close(number: number, time: number): string;
}

/** GitHub's workflow commands: group and endgroup. What steps write cannot begin a line, and so is no command. */
const GITHUB: FoldStyle = {
  open: (_, title) => `::group::${title}`,
  close: () => "::endgroup::",
};

/** GitLab's custom collapsible sections; times are whole seconds. */
const GITLAB: FoldStyle = {
  open: (number, title, time) =>
    `\x1b[0Ksection_start:${Math.floor(time / 1000)}:tsbuild_${number}[collapsed=true]\r\x1b[0K${title}`,
  close: (number, time) => `\x1b[0Ksection_end:${Math.floor(time / 1000)}:tsbuild_${number}\r\x1b[0K`,
};

/** What the log of this process is shown by, if it folds. */
export function foldStyle(env: NodeJS.ProcessEnv): FoldStyle | undefined {
  if (env["GITHUB_ACTIONS"] === "true") return GITHUB;
  return env["GITLAB_CI"] === "true" ? GITLAB : undefined;
}

/**
 * A log whose parts fold: all that one says stands together, from its first line to its last, and who talks meanwhile
 * waits. One that says nothing but how it ended gets no fold.
 */
export class Folds implements Floor {
  readonly #screen: Screen;
  readonly #style: FoldStyle;
  readonly #queue = new Set<Speaker>();
  #count = 0;
  #onShow: Speaker | undefined;
  #isOpen = false;

  constructor(screen: Screen, style: FoldStyle) {
    this.#screen = screen;
    this.#style = style;
  }

  join(name: string, time: number): Speaker {
    return { number: ++this.#count, name, started: time, waiting: [], ended: false };
  }

  say(from: Speaker, time: number, lines: readonly string[]): void {
    for (const line of lines) from.waiting.push(`#${from.number} ${line}`);
    this.#onShow ??= from;
    if (this.#onShow === from) this.#tell(from, time);
    else this.#queue.add(from);
  }

  end(from: Speaker, time: number, lines: readonly string[]): void {
    if (this.#onShow === from) this.#tell(from, time);
    from.ended = true;
    this.say(from, time, lines);
    while (this.#onShow?.ended) {
      this.#queue.delete(this.#onShow);
      const next = [...this.#queue].find((one) => one.ended) ?? [...this.#queue][0];
      this.#onShow = next;
      if (next === undefined) return;
      this.#queue.delete(next);
      this.#tell(next, time);
    }
  }

  remark(line: string): void {
    this.#screen.write(`${line}\n`);
  }

  settle(): void {}
  flushSoon(): void {}
  flush(): void {}

  close(): void {
    const all = [...(this.#onShow === undefined ? [] : [this.#onShow]), ...this.#queue];
    for (const one of all) {
      one.ended = true;
      this.#tell(one, Date.now());
    }
    this.#queue.clear();
    this.#onShow = undefined;
  }

  /** Writes what waits, with what opens and closes the fold around it. */
  #tell(speaker: Speaker, time: number): void {
    const { number, name, ended } = speaker;
    const lines = speaker.waiting.splice(0);
    const title = `#${number} ${name}`;
    if (!this.#isOpen && ended && lines.length <= 1) lines.unshift(title);
    else if (!this.#isOpen && lines.length > 0) {
      lines.unshift(this.#style.open(number, title, time));
      this.#isOpen = true;
    }
    if (ended && this.#isOpen) {
      lines.push(this.#style.close(number, time));
      this.#isOpen = false;
    }
    if (lines.length > 0) this.#screen.write(lines.map((line) => `${line}\n`).join(""));
  }
}
