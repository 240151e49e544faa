import { fetchLayer } from "../cache/fetch-layer.ts";
import { importingCache, type Offer } from "../cache/imports.ts";
import { directorySource } from "../cache/directory.ts";
import type { CacheDocument } from "../cache/document.ts";
import type { CacheSource } from "../cache/places.ts";
import { registrySource } from "../cache/registry.ts";
import type { Cache, CacheFrom, LocalCache } from "../cache/types.ts";
import { shortDigest, type DiffId } from "../core/digest.ts";
import { messageOf, TsbuildError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { hostPlatform } from "../core/platform.ts";
import { transferOnce, type OnArrival } from "../inputs/transfer-once.ts";
import type { Session } from "../session/session.ts";
import type { BuildOptions } from "../api/types.ts";

/** A cache that fails so often is not asked any more. */
const MAX_FAILURES = 3;
/** The store's own failures: no other cache would help. */
const OWN_FAILURES: ReadonlySet<string> = new Set(["DISK_FULL", "STORE_UNWRITABLE", "INTERRUPTED"]);

/**
 * The caches of --cache-from in one build. Their layers come when somebody reads them; one that does not come, or is not
 * what it was said to be, ends what is going on, and the build is tried again without it.
 */
export class CacheImports {
  readonly #session: Session;
  readonly #options: Pick<BuildOptions, "signal" | "emit">;
  readonly #sources: readonly CacheSource[];
  readonly #documents = new Map<CacheSource, Promise<CacheDocument | undefined>>();
  readonly #failures = new Map<CacheSource, number>();
  readonly #lost = new Set<Offer["blob"]>();
  readonly #given = new Map<DiffId, readonly Offer[]>();
  #failed = false;

  constructor(session: Session, options: BuildOptions) {
    this.#session = session;
    this.#options = options;
    const platforms = options.platforms ?? [hostPlatform()];
    this.#sources = (options.cacheFrom ?? []).map((from) => openSource(session, from, platforms));
  }

  /** The cache for one try. */
  open(local: LocalCache): Cache {
    return importingCache({
      local,
      sources: this.#sources,
      load: (source) => this.#document(source),
      openLayer: (diffId, offers) => this.#openLayer(diffId, offers),
    });
  }

  /** A step that fails for want of a layer of these caches has not failed: it is tried again. */
  watching(emit: Emit): Emit {
    return (event) => {
      if (event.type !== "step-failed" || !this.#failed) return emit(event);
      emit({ type: "step-canceled", id: event.id, time: event.time });
    };
  }

  /** Whether something was lost since this was last asked. */
  takeFailure(): boolean {
    const failed = this.#failed;
    this.#failed = false;
    return failed;
  }

  #document(source: CacheSource): Promise<CacheDocument | undefined> {
    const known = this.#documents.get(source);
    if (known !== undefined) return known;
    const loading = this.#load(source);
    this.#documents.set(source, loading);
    return loading;
  }

  async #load(source: CacheSource): Promise<CacheDocument | undefined> {
    const { emit, signal } = this.#options;
    const name = `importing the cache ${source.label}`;
    emit({ type: "phase", name, state: "started", time: Date.now() });
    try {
      const document = await source.load(signal);
      emit({ type: "phase", name, state: "done", time: Date.now() });
      return document;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TsbuildError) || OWN_FAILURES.has(error.code)) throw error;
      emit({ type: "phase", name, state: "failed", time: Date.now() });
      this.#warn(`the cache ${source.label} is not used: ${messageOf(error)}`);
      return undefined;
    }
  }

  #openLayer(diffId: DiffId, offers: readonly Offer[]): boolean {
    const { layers } = this.#session;
    if (layers.open(diffId) !== undefined) return true;
    const usable = offers.filter(({ source, blob }) => !this.#isBad(source) && !this.#lost.has(blob));
    const [first] = usable;
    if (first === undefined) return false;
    const same = usable.filter(({ blob }) => blob.digest === first.blob.digest);
    this.#given.set(diffId, same);
    const { repository } = first.source;
    layers.remote(diffId, {
      descriptor: first.blob,
      ...(repository && { repository }),
      ...transferOnce((onArrival) => this.#fetch(diffId, same, onArrival)),
    });
    return true;
  }

  async #fetch(diffId: DiffId, offers: readonly Offer[], onArrival: OnArrival): Promise<void> {
    const { signal } = this.#options;
    let failure: unknown;
    for (const offer of offers) {
      try {
        const { slots } = this.#session;
        const { repository } = offer.source;
        const lane = repository === undefined ? slots : slots.toward(repository.registry);
        return await lane.use("network", signal, () => this.#transfer(diffId, offer, onArrival));
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof TsbuildError) || OWN_FAILURES.has(error.code)) throw error;
        failure = error;
        this.#lose(diffId, offer, error);
      }
    }
    throw failure;
  }

  async #transfer(diffId: DiffId, offer: Offer, onArrival: OnArrival): Promise<void> {
    const { emit, signal } = this.#options;
    const { digest, size } = offer.blob;
    const report = (current: number, done: boolean): void =>
      emit({
        type: "transfer",
        task: `pull ${digest}`,
        label: `pulling ${shortDigest(digest)} from the cache`,
        current,
        total: size,
        done,
        time: Date.now(),
      });
    report(0, false);
    const progress = (bytes: number): void => report(bytes, false);
    await fetchLayer(this.#session.store, diffId, offer, { signal, progress, onArrival });
    report(size, true);
  }

  #lose(diffId: DiffId, { source, blob }: Offer, error: TsbuildError): void {
    this.#failed = true;
    this.#lost.add(blob);
    this.#failures.set(source, (this.#failures.get(source) ?? 0) + 1);
    this.#warn(`layer ${shortDigest(diffId)} of the cache ${source.label} is not used: ${error.message}`);
    for (const [given, offers] of this.#given) {
      if (given !== diffId && !(this.#isBad(source) && offers.some((offer) => offer.source === source)))
        continue;
      this.#given.delete(given);
      this.#session.layers.forget(given);
    }
  }

  #isBad(source: CacheSource): boolean {
    return (this.#failures.get(source) ?? 0) >= MAX_FAILURES;
  }

  #warn(message: string): void {
    this.#options.emit({ type: "warning", message });
  }
}

function openSource(
  session: Session,
  from: CacheFrom,
  platforms: Parameters<typeof registrySource>[2],
): CacheSource {
  switch (from.type) {
    case "registry":
      return registrySource(session.registry, from, platforms);
    case "local":
      return directorySource(from.src, from, platforms);
  }
}
