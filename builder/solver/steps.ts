import { messageOf } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { Schedule } from "./schedule.ts";
import type { Keyed, State } from "./state.ts";
import type { OpContext, OpResult, SolveOptions } from "./types.ts";

/** Runs single steps: slots, events, records. */
export class Steps {
  readonly #options: SolveOptions;
  readonly #schedule: Schedule;
  readonly #context: OpContext;

  constructor(options: SolveOptions, schedule: Schedule) {
    this.#options = options;
    this.#schedule = schedule;
    this.#context = { signal: schedule.signal, emit: options.emit };
  }

  /**
   * Runs a vertex, unless another process did so in the meantime. Its users get the result at once; its record waits for
   * the layers' DiffIDs, that is, for the layer to be packed, and so does `step-done`.
   */
  async run(state: State, keyed: Keyed, inputs: readonly OpResult[]): Promise<OpResult> {
    const { slots, runner } = this.#options;
    // Before a slot is taken: who has one waits for nobody, or two builds could wait for each other.
    const claim = await this.#watch(state, () => this.#claim(state, keyed));
    const release = (): void => claim?.[Symbol.dispose]();
    const theirs = claim && (await this.#madeElsewhere(state, keyed));
    if (theirs !== undefined) {
      release();
      return theirs;
    }
    const work = async (): Promise<OpResult> => {
      this.#schedule.check();
      state.started = true;
      this.#emit("step-started", state);
      return runner.run(state.vertex, inputs, this.#context);
    };
    const resource = runner.resource(state.vertex);
    if (resource !== undefined && slots.isFull(resource)) this.#wait(state, "slot");
    try {
      const result = await this.#watch(state, () =>
        // The queue's own signal would let go of work that still runs.
        resource === undefined ? work() : slots.use(resource, undefined, work),
      );
      this.#watch(state, () => this.#record(state, keyed, result))
        .catch(() => {})
        .finally(release);
      return result;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** What the op takes from its inputs, as its key has it. */
  content(state: State, inputs: readonly OpResult[], baseAhead?: OpContext["baseAhead"]): Promise<Json> {
    this.#schedule.check();
    const context = { ...this.#context, ...(baseAhead && { baseAhead }) };
    return this.#watch(state, () => this.#options.runner.content(state.vertex, inputs, context));
  }

  /** Says that a vertex need not run. */
  cached(state: State, outcome: "cached" | "shared"): void {
    if (state.outcome !== "unused") return;
    state.outcome = outcome;
    this.#emit("step-cached", state);
  }

  /** Equal steps of several processes run once. What is made anew on purpose is nobody else's business. */
  async #claim(state: State, { canonical, renewed }: Keyed): Promise<Disposable | undefined> {
    const { claim, runner } = this.#options;
    if (canonical === undefined || renewed || !(runner.recorded?.(state.vertex) ?? true)) return undefined;
    return claim?.(canonical.key, this.#schedule.signal, () => this.#wait(state, "build"));
  }

  /** From now on it is seen, and has an end that is seen. */
  #wait(state: State, what: "build" | "slot"): void {
    state.started = true;
    const { id } = state.vertex;
    this.#options.emit({ type: "step-waiting", id, for: what, time: Date.now() });
  }

  /** The result that another process recorded since this one looked. */
  async #madeElsewhere(state: State, { canonical, alias }: Keyed): Promise<OpResult | undefined> {
    const { cache, openLayers } = this.#options;
    const record = canonical && (await cache.get(canonical.key));
    const rootfs = record && openLayers(record.layers);
    if (record === undefined || rootfs === undefined) return undefined;
    if (alias !== undefined) cache.alias(alias, record.key);
    state.created = record.created;
    this.cached(state, "cached");
    this.#options.onResult?.(state.vertex, rootfs);
    return { rootfs };
  }

  async #record(state: State, { canonical, alias }: Keyed, { rootfs }: OpResult): Promise<void> {
    const { cache, runner } = this.#options;
    if (runner.recorded?.(state.vertex) ?? true) {
      // What has no key has no record, but its layers may still fail to be made.
      const layers = await Promise.all(rootfs.map((layer) => layer.diffId()));
      if (canonical !== undefined) {
        state.created = Date.now();
        cache.put({ key: canonical.key, inputs: canonical.inputs, layers, created: state.created });
        if (alias !== undefined) cache.alias(alias, canonical.key);
      }
    }
    state.outcome = "ran";
    this.#emit("step-done", state);
    this.#options.onResult?.(state.vertex, rootfs);
  }

  /** The first failure is its vertex's own; whatever fails after it was stopped. */
  async #watch<T>(state: State, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#schedule.track(work());
    } catch (error) {
      if (this.#schedule.fail(error)) {
        state.outcome = "failed";
        const { id } = state.vertex;
        this.#options.emit({ type: "step-failed", id, time: Date.now(), message: messageOf(error) });
      } else if (state.started && state.outcome === "unused") {
        state.outcome = "canceled";
        this.#emit("step-canceled", state);
      }
      throw error;
    }
  }

  #emit(type: "step-started" | "step-cached" | "step-done" | "step-canceled", { vertex }: State): void {
    this.#options.emit({ type, id: vertex.id, time: Date.now() });
  }
}
