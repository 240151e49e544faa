import type PQueue from "p-queue";
import type * as QueueModule from "p-queue";

/** What a piece of work mostly waits for. Work of one kind never holds up work of another. */
export type Resource = "network" | "cpu" | "exec";

type Limits = Readonly<Record<Resource, number>>;
type Queues = Readonly<Record<Resource, PQueue>>;

/** Bounds how much runs at once, for each resource on its own. */
export class Slots {
  readonly #limits: Limits;
  readonly #changed: Partial<Record<Resource, number>> = {};
  #queues: Promise<Queues> | undefined;
  readonly #lanes = new Map<string, Slots>();
  readonly #taken: Record<Resource, number> = { network: 0, cpu: 0, exec: 0 };

  /** The limits are read when they first matter. */
  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Lets so many run at once from now on: before anything was queued. */
  limit(resource: Resource, count: number): void {
    this.#changed[resource] = count;
  }

  /** Whether who asks for a slot now has to wait for it. */
  isFull(resource: Resource): boolean {
    return this.#taken[resource] >= this.#limit(resource);
  }

  /** As many network slots again, for one server alone: another that does not answer takes none of them. */
  toward(server: string): Slots {
    const lane = this.#lanes.get(server) ?? new Slots(this.#all());
    this.#lanes.set(server, lane);
    return lane;
  }

  /** Runs `work` when a slot of its resource is free. */
  async use<T>(resource: Resource, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    this.#queues ??= queues(this.#all());
    this.#taken[resource]++;
    try {
      return await (await this.#queues)[resource].add(work, signal === undefined ? {} : { signal });
    } finally {
      this.#taken[resource]--;
    }
  }

  #limit(resource: Resource): number {
    return this.#changed[resource] ?? this.#limits[resource];
  }

  #all(): Limits {
    return { network: this.#limit("network"), cpu: this.#limit("cpu"), exec: this.#limit("exec") };
  }
}

/** Loads what queues are made of, for who has nothing better to do before he asks for a slot. */
export function loadQueue(): Promise<typeof QueueModule> {
  return import("p-queue");
}

/** Loaded at the first use: a build that finds everything in the cache queues nothing and saves 8 ms. */
async function queues(limits: Limits): Promise<Queues> {
  const { default: Queue } = await loadQueue();
  return {
    network: new Queue({ concurrency: limits.network }),
    cpu: new Queue({ concurrency: limits.cpu }),
    exec: new Queue({ concurrency: limits.exec }),
  };
}
