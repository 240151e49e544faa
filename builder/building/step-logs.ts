import { closeSync, existsSync, openSync, renameSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { hexOf } from "../core/digest.ts";
import type { BuildEvent, Emit, VertexId } from "../core/events.ts";
import { logPath } from "./log-path.ts";
import type { Store } from "../store/types.ts";

interface OpenLog {
  readonly descriptor: number;
  readonly path: string;
}

/**
 * Keeps all that steps write, whole: what a display shows of it is its own affair. A log lies under its step's id, so
 * that a step found in the cache still has the log of when it ran.
 */
export class StepLogs {
  readonly #store: Store;
  readonly #open = new Map<VertexId, OpenLog | undefined>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Passes events on, and keeps the output among them. */
  watching(emit: Emit): Emit {
    return (event) => {
      emit(event);
      this.#take(event);
    };
  }

  #take(event: BuildEvent): void {
    switch (event.type) {
      case "step-output":
        return this.#write(event.id, event.data);
      case "step-done":
      case "step-failed":
      case "step-canceled":
        return this.#end(event.id);
      default:
    }
  }

  /** That a log cannot be written is no reason to fail a build: it then has none. */
  #write(id: VertexId, data: Uint8Array): void {
    try {
      if (!this.#open.has(id)) {
        const path = this.#store.tempPath("log");
        this.#open.set(id, { path, descriptor: openSync(path, "wx", 0o600) });
      }
      const log = this.#open.get(id);
      if (log !== undefined) writeWhole(log.descriptor, data);
    } catch {
      this.#drop(id);
    }
  }

  #end(id: VertexId): void {
    const log = this.#open.get(id);
    const path = logPath(this.#store.root, id);
    try {
      // What it wrote the last time is not what it wrote now: nothing.
      if (log === undefined) {
        if (existsSync(path)) unlinkSync(path);
        return;
      }
      renameSync(log.path, this.#store.path("logs", hexOf(id)));
      closeSync(log.descriptor);
      this.#open.delete(id);
    } catch {
      this.#drop(id);
    }
  }

  #drop(id: VertexId): void {
    const log = this.#open.get(id);
    this.#open.set(id, undefined);
    if (log === undefined) return;
    closeSync(log.descriptor);
    rmSync(log.path, { force: true });
  }
}

function writeWhole(descriptor: number, data: Uint8Array): void {
  for (let at = 0; at < data.length;) at += writeSync(descriptor, data, at);
}
