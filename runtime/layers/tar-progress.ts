import type { LayerChange } from "../../builder/layers/types.ts";
import type { AsideBlobWriter } from "../../builder/store/types.ts";

/** How far a tar is written, for whoever takes it apart behind the one who writes it. */
export class TarProgress {
  readonly #writer: AsideBlobWriter;
  #state: "writing" | "written" | "failed" = "writing";
  #changes: readonly LayerChange[] = [];
  #tellers: (() => void)[] = [];

  constructor(writer: AsideBlobWriter) {
    this.#writer = writer;
  }

  state(): "writing" | "written" | "failed" {
    return this.#state;
  }

  /** The file, while it is being written. */
  get path(): string {
    return this.#writer.path;
  }

  /** A part of the tar, if there is one after so many, and all of its bytes are in the file. */
  at(index: number): LayerChange | undefined {
    const change = this.#changes[index];
    if (this.#state === "written" || change?.kind !== "entry" || change.offset === undefined) return change;
    return change.offset + change.entry.size <= this.#writer.written() ? change : undefined;
  }

  /** Resolves when more is there, or nothing more comes. */
  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#tellers.push(resolve);
    });
  }

  /** To be called with all that the tar has by now, and again while bytes of it arrive. */
  tell(changes: readonly LayerChange[], state = this.#state): void {
    this.#changes = changes;
    this.#state = state;
    for (const tell of this.#tellers.splice(0)) tell();
  }

  fail(): void {
    this.tell(this.#changes, "failed");
  }
}
