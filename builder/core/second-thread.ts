import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import type { Bytes } from "./bytes.ts";
import type { Digest } from "./digest.ts";
import { messageOf, TsbuildError } from "./errors.ts";

/** What the second thread does when it is asked: `ask` of it gives the answer that stands beside. */
export interface ThreadJobs {
  /** Reads files below a directory: their sha256, and size, mtime, ctime and inode as numbers in a row for each. */
  readonly "hash-files": readonly [
    { readonly directory: Bytes; readonly paths: readonly Bytes[] },
    { readonly hashes: Uint8Array; readonly stamps: Float64Array } | undefined,
  ];
  /**
   * Writes to a file at a position, and hashes it behind what was hashed under this number before. `files`: where in the data
   * contents of files lie (`FileSpans`); the answer has the sha256 of each that ends in it. `done` is shared, and raised by
   * one in the end: it is seen before the answer comes.
   */
  readonly "write-hashed": readonly [
    {
      readonly blob: number;
      readonly fd: number;
      readonly at: number;
      readonly data: Uint8Array;
      readonly files?: Int32Array;
      readonly done: Int32Array;
    },
    Uint8Array | undefined,
  ];
  /** Hashes bytes of another file, and writes nothing. */
  readonly "hash-range": readonly [
    { readonly blob: number; readonly from: number; readonly offset: number; readonly size: number },
    undefined,
  ];
  /** A frame of zstd. */
  readonly "zstd-frame": readonly [{ readonly block: Uint8Array; readonly level: number }, Uint8Array];
  /** Ends that hash. */
  readonly "end-hash": readonly [{ readonly blob: number }, Digest];
}

/** A job on its way. */
export interface ThreadRequest {
  readonly id: number;
  readonly kind: keyof ThreadJobs;
  readonly job: unknown;
}

export interface ThreadReply {
  readonly id: number;
  readonly answer?: unknown;
  /** What went wrong, and the code of the failed system call. */
  readonly failure?: { readonly message: string; readonly errno: string | undefined };
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
  /** Nothing more is to be heard of whoever asked. */
  readonly heard: () => void;
}

/** The thread makes few objects: a small space for young ones keeps it small. */
const HEAP_MB = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

let started: Promise<SecondThread | undefined> | undefined;

/**
 * The thread that hashes beside this one: sha256 of a layer takes as long as reading its files. Started when it is first
 * asked for, as that takes 25 ms of a processor; undefined where there is but one.
 */
export function secondThread(): Promise<SecondThread | undefined> {
  started ??= availableParallelism() < 2 ? Promise.resolve(undefined) : startThread();
  return started;
}

async function startThread(): Promise<SecondThread | undefined> {
  // Beside the bundle, or where the compiler puts it.
  const places = [join(import.meta.dirname, "thread.cjs"), join(import.meta.dirname, "../thread/main.js")];
  const place = places.find((path) => existsSync(path));
  if (place === undefined) return undefined;
  const { Worker } = await import("node:worker_threads");
  return new SecondThread(new Worker(place, { resourceLimits: HEAP_MB, execArgv: [] }));
}

/** Takes jobs one after the other. It keeps the process alive while it has some. */
export class SecondThread {
  /** Resolves when it runs, or never will. */
  readonly begun: Promise<void>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  #failure: TsbuildError | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.begun = new Promise((resolve) => {
      worker.once("online", resolve).once("exit", () => resolve());
    });
    void this.begun.then(() => this.#waiting.size === 0 && worker.unref());
    worker.on("message", (reply: ThreadReply) => this.#answer(reply));
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", () => this.#fail(new Error("it ended")));
  }

  /** When `signal` is aborted nobody waits for the answer any more, nor does the end of the process. */
  ask<K extends keyof ThreadJobs>(
    kind: K,
    job: ThreadJobs[K][0],
    signal?: AbortSignal,
  ): Promise<ThreadJobs[K][1]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const request: ThreadRequest = { id: ++this.#count, kind, job };
    return new Promise<ThreadJobs[K][1]>((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      const drop = (): void => this.#take(request.id)?.reject(signal?.reason);
      const heard = (): void => signal?.removeEventListener("abort", drop);
      signal?.addEventListener("abort", drop);
      this.#waiting.set(request.id, { resolve, reject, heard });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- of windows
      this.#worker.postMessage(request);
    });
  }

  #answer({ id, answer, failure }: ThreadReply): void {
    const waiting = this.#take(id);
    if (failure === undefined) waiting?.resolve(answer as never);
    else waiting?.reject(Object.assign(new Error(failure.message), { code: failure.errno }));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    waiting?.heard();
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    return waiting;
  }

  #fail(cause: unknown): void {
    started = undefined;
    this.#failure ??= new TsbuildError(
      "INTERNAL",
      `Cannot go on: the second thread failed: ${messageOf(cause)}`,
      { cause },
    );
    for (const { reject, heard } of this.#waiting.values()) {
      heard();
      reject(this.#failure);
    }
    this.#waiting.clear();
  }
}
