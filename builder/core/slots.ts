import PQueue from "p-queue";

/** What a piece of work mostly waits for. Work of one kind never holds up work of another. */
export type Resource = "network" | "cpu" | "exec";

/** Bounds how much runs at once, for each resource on its own. */
export class Slots {
  readonly #queues: Readonly<Record<Resource, PQueue>>;

  constructor(limits: Readonly<Record<Resource, number>>) {
    this.#queues = {
      network: new PQueue({ concurrency: limits.network }),
      cpu: new PQueue({ concurrency: limits.cpu }),
      exec: new PQueue({ concurrency: limits.exec }),
    };
  }

  /** Runs `work` when a slot of its resource is free. */
  use<T>(resource: Resource, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#queues[resource].add(work, signal === undefined ? {} : { signal });
  }
}
