import type { Bytes } from "../core/bytes.ts";
import { messageOf } from "../core/errors.ts";
import { inWorkingTree, trackedPaths } from "../context/git/working-tree.ts";
import { ReproducibleContext } from "../context/reproducible.ts";
import type { BuildContext } from "../context/types.ts";
import type { Contexts } from "./open-contexts.ts";
import type { BuildOptions } from "../api/types.ts";

/** The contexts of a build with SOURCE_DATE_EPOCH: directories as every checkout of them is, others as they came. */
export class ReproducibleContexts implements Pick<Contexts, "open" | "get"> {
  readonly #contexts: Contexts;
  readonly #epoch: number;
  readonly #env: NodeJS.ProcessEnv;
  readonly #emit: BuildOptions["emit"];
  readonly #ready = new Map<string, BuildContext>();

  constructor(contexts: Contexts, epoch: number, env: NodeJS.ProcessEnv, emit: BuildOptions["emit"]) {
    this.#contexts = contexts;
    this.#epoch = epoch;
    this.#env = env;
    this.#emit = emit;
  }

  async open(name: string, signal: AbortSignal): Promise<void> {
    await this.#contexts.open(name, signal);
    if (this.#ready.has(name)) return;
    const context = this.#contexts.get(name);
    const directory = this.#contexts.directory(name);
    const tracked = directory === undefined ? undefined : await this.#tracked(directory, signal);
    // Another step may have been faster: there is one for all of them.
    if (this.#ready.has(name)) return;
    this.#ready.set(
      name,
      tracked === undefined ? context : new ReproducibleContext(context, this.#epoch, tracked),
    );
  }

  get(name: string): BuildContext {
    return this.#ready.get(name) ?? this.#contexts.get(name);
  }

  async #tracked(directory: string, signal: AbortSignal): Promise<ReadonlySet<Bytes>> {
    if (!inWorkingTree(directory)) return new Set();
    try {
      return (await trackedPaths(directory, { env: this.#env, signal })) ?? new Set();
    } catch (error) {
      signal.throwIfAborted();
      const message = `the modes of files in "${directory}" are taken as they are, and another checkout may have others: ${messageOf(error)}`;
      this.#emit({ type: "notice", message });
      return new Set();
    }
  }
}
