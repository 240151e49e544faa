import { TsbuildError } from "../core/errors.ts";
import type { RegistryClient, Repository } from "./types.ts";

/** A registry that stores a large blob answers when it has put it away: that is given so many times the patience. */
const STORING = 4;

/**
 * The same client for work that nobody must wait long for: a registry that sends and takes nothing for `quietMs` is given
 * up, whatever retries are left, and is not asked again.
 */
export function impatient(client: RegistryClient, quietMs: number): RegistryClient {
  const lines = new Map<string, Line>();
  const begin = ({ registry }: Pick<Repository, "registry">, signal: AbortSignal): Vigil => {
    const line = lines.get(registry) ?? { registry, quietMs, heardAt: 0, failure: undefined };
    lines.set(registry, line);
    if (line.failure !== undefined) throw line.failure;
    return new Vigil(line, signal);
  };
  const once = async <T>(
    repository: Repository,
    signal: AbortSignal,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const vigil = begin(repository, signal);
    return vigil.over(() => ask(vigil.signal));
  };
  return {
    uploads: client.uploads,
    prepare: () => client.prepare(),
    getManifest: (at, reference, signal) => once(at, signal, (own) => client.getManifest(at, reference, own)),
    headManifest: (at, reference, signal) =>
      once(at, signal, (own) => client.headManifest(at, reference, own)),
    hasBlob: (at, digest, signal) => once(at, signal, (own) => client.hasBlob(at, digest, own)),
    mountBlob: (at, digest, from, signal) =>
      once(at, signal, (own) => client.mountBlob(at, digest, from, own)),
    putManifest: (at, reference, mediaType, raw, signal) =>
      once(at, signal, (own) => client.putManifest(at, reference, mediaType, raw, own)),
    putReferrer: (at, referrer, signal) => once(at, signal, (own) => client.putReferrer(at, referrer, own)),
    async *getBlob(at, descriptor, signal) {
      const vigil = begin(at, signal);
      const pieces = client.getBlob(at, descriptor, vigil.signal)[Symbol.asyncIterator]();
      try {
        for (;;) {
          // Whoever reads may take his time in between.
          const { done, value } = await vigil.over(() => pieces.next());
          if (done === true) return;
          yield value;
        }
      } finally {
        await pieces.return?.();
      }
    },
    putBlob(at, descriptor, open, signal, progress) {
      const vigil = begin(at, signal);
      return vigil.over(() =>
        client.putBlob(at, descriptor, open, vigil.signal, (current, total) => {
          vigil.heard(current === descriptor.size ? STORING : 1);
          progress?.(current, total);
        }),
      );
    },
    login: (registry, signal) => client.login(registry, signal),
    close: () => client.close(),
  };
}

/** What is known of one registry. */
interface Line {
  readonly registry: string;
  readonly quietMs: number;
  /** When it last gave a sign of life, to whomever. */
  heardAt: number;
  /** Why it is not asked any more. */
  failure: TsbuildError | undefined;
}

/** Waits for signs of life. */
class Vigil {
  readonly signal: AbortSignal;
  readonly #line: Line;
  readonly #giveUp = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(line: Line, signal: AbortSignal) {
    this.#line = line;
    this.signal = AbortSignal.any([signal, this.#giveUp.signal]);
  }

  /** The result of some work, which is to show a sign of life in time. */
  async over<T>(work: () => Promise<T>): Promise<T> {
    this.#wait(this.#line.quietMs, performance.now());
    try {
      const result = await work();
      this.#line.heardAt = performance.now();
      return result;
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /** A sign of life; the next one may take so many times the patience. */
  heard(times: number): void {
    const now = performance.now();
    this.#line.heardAt = now;
    this.#wait(this.#line.quietMs * times, now);
  }

  #wait(patience: number, since: number): void {
    clearTimeout(this.#timer);
    const rest = Math.max(since, this.#line.heardAt) + patience - performance.now();
    this.#timer = setTimeout(() => {
      // What is heard elsewhere shows that it is slow, not gone.
      if (Math.max(since, this.#line.heardAt) + patience > performance.now()) this.#wait(patience, since);
      else this.#giveUp.abort((this.#line.failure = silent(this.#line)));
    }, Math.ceil(rest));
  }
}

function silent({ registry, quietMs }: Line): TsbuildError {
  return new TsbuildError(
    "NETWORK",
    `Cannot reach ${registry}: nothing came from it for ${quietMs / 1000} s`,
    {
      hint: "timeout=60s among the attributes of the cache waits longer",
    },
  );
}
