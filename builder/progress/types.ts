import type { Emit } from "../core/events.ts";

/** Where progress is shown: standard error, or a fake of it. */
export interface Screen {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
  /** Synchronous: what was written is out, so that the process may end at any time. */
  write(text: string): void;
  /** Calls back when the size changed; the result ends that. */
  onResize(listener: () => void): () => void;
}

/** A build's events made visible. */
export interface Progress {
  readonly emit: Emit;
  /** Shows how it ended and leaves the screen to others. Later events are not shown; a second call does nothing. */
  close(): void;
}

/** --progress. */
export type ProgressMode = "auto" | "plain" | "tty" | "quiet" | "rawjson";

/** Colours, or their absence: each takes a text and gives it back painted. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly green: Paint;
  readonly cyan: Paint;
}

/** Paints a text without changing its width. */
export type Paint = (text: string) => string;
