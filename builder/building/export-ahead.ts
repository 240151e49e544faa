import { registryTarget } from "../cache/registry.ts";
import type { CacheTarget } from "../cache/places.ts";
import type { CacheTo } from "../cache/types.ts";
import type { DiffId } from "../core/digest.ts";
import type { VertexId } from "../core/events.ts";
import type { SharedGraph } from "../graph/merge.ts";
import type { Vertex } from "../graph/types.ts";
import type { Layer, RootFs } from "../layers/types.ts";
import type { LayerForm } from "../outputs/form.ts";
import { outgoingLayer } from "../outputs/outgoing.ts";
import type { Output } from "../outputs/types.ts";
import type { Session } from "../session/session.ts";
import type { BuildOptions } from "../api/types.ts";
import { cacheBlob } from "./cache-exports.ts";

/** Above it a frame takes the second thread from steps for too long. */
const QUICK_ZSTD = 9;

/** Where layers go when the build has ended well. */
interface Destination {
  readonly form: LayerForm;
  /** The layers of all steps, not of the image alone. */
  readonly all: boolean;
  readonly bring: CacheTarget["bring"];
  /** The cache that it is. */
  readonly to?: CacheTo;
  failed: boolean;
}

/** Why a cache cannot be written: found out when nothing was left to do but to write it. */
export type AheadFailures = ReadonlyMap<CacheTo, unknown>;

/**
 * Layers on their way out while later steps run: compressed one after the other, in processes that let everything else
 * go first, and brought to where a cache goes. Nothing names them there before the build has ended. What does not get
 * done, or fails, is done at the end, which then says why it cannot be; a registry that does not answer at the end is
 * waited for once.
 */
export class ExportAhead implements AsyncDisposable {
  readonly #session: Session;
  readonly #destinations: readonly Destination[];
  /** The steps that the images' layers come from. */
  readonly #chain: ReadonlySet<VertexId>;
  readonly #bases: ReadonlySet<DiffId>;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #taken = new Map<Destination, Set<Layer>>();
  readonly #failures = new Map<CacheTo, unknown>();
  #packing = Promise.resolve();
  #uploading = Promise.resolve();
  #stopped = false;

  constructor(session: Session, options: BuildOptions, { graph, outputs, bases }: Going) {
    this.#session = session;
    this.#destinations = destinationsOf(session, options, outputs);
    this.#chain = chainOf(graph);
    this.#bases = bases;
    this.#signal = AbortSignal.any([options.signal, this.#ending.signal]);
  }

  /** A result that is made, or that somebody asked for. */
  readonly take = ({ id }: Vertex, rootfs: RootFs): void => {
    if (this.#stopped) return;
    for (const destination of this.#destinations) {
      if (!destination.all && !this.#chain.has(id)) continue;
      const taken = this.#taken.get(destination) ?? new Set();
      this.#taken.set(destination, taken);
      for (const layer of rootfs) {
        // What came from elsewhere stays there until it is known to be needed.
        if (taken.has(layer) || layer.origin?.() !== undefined) continue;
        taken.add(layer);
        this.#packing = this.#packing.then(() => this.#send(layer, destination));
      }
    }
  };

  /** Begins nothing more: all that is left can go side by side. Resolves when what had begun is at its end. */
  async stop(): Promise<AheadFailures> {
    this.#stopped = true;
    await this.#packing;
    await this.#uploading;
    return this.#failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.stop();
  }

  /** One layer is compressed while the one before it travels, and no other before that is there. */
  async #send(layer: Layer, destination: Destination): Promise<void> {
    if (this.#stopped || destination.failed) return;
    const { store, slots } = this.#session;
    const signal = this.#signal;
    try {
      if (this.#bases.has(await layer.diffId())) return;
      const outgoing = await outgoingLayer(store, layer, destination.form, { signal, aside: true });
      await this.#uploading;
      if (this.#stopped || destination.bring === undefined) return;
      this.#uploading = destination
        .bring(cacheBlob(outgoing), { slots, signal, emit: () => {} })
        .catch((error: unknown) => this.#giveUp(destination, error));
    } catch (error) {
      this.#giveUp(destination, error);
    }
  }

  /** Until the end comes it may be mended: whoever exports then tries it again, and hears the reason. */
  #giveUp(destination: Destination, error: unknown): void {
    destination.failed = true;
    if (this.#stopped && destination.to !== undefined) this.#failures.set(destination.to, error);
  }
}

/** What a build makes, and where that goes. */
export interface Going {
  readonly graph: SharedGraph;
  readonly outputs: readonly Output[];
  /** Layers of base images. */
  readonly bases: ReadonlySet<DiffId>;
}

function destinationsOf(session: Session, options: BuildOptions, outputs: readonly Output[]): Destination[] {
  const pushes = outputs.flatMap(({ sends }) =>
    sends === undefined ? [] : [{ form: sends, all: false, bring: undefined, failed: false }],
  );
  const caches = (options.cacheTo ?? []).flatMap((to): Destination[] => {
    if (to.type === "inline") return [];
    // Layers that may have secrets in them must not leave before somebody has looked.
    const target =
      to.type === "registry" && options.failOnSecrets !== true
        ? registryTarget(session.registry, to)
        : undefined;
    const form: LayerForm = { ...to, format: "oci" };
    return [{ form, all: to.mode === "max", bring: target?.bring, to, failed: false }];
  });
  return [...pushes, ...caches].filter(
    ({ form }) => form.compression !== "zstd" || (form.level ?? 0) <= QUICK_ZSTD,
  );
}

/** The steps whose results lie below the images' root filesystems, and those themselves. */
function chainOf({ vertices, targets }: SharedGraph): ReadonlySet<VertexId> {
  const byId = new Map(vertices.map((vertex) => [vertex.id, vertex]));
  const chain = new Set<VertexId>();
  for (const { rootfs } of targets) {
    let id = rootfs ?? undefined;
    while (id !== undefined && !chain.has(id)) {
      chain.add(id);
      const vertex = byId.get(id);
      const base = vertex !== undefined && "base" in vertex.op ? vertex.op.base : null;
      id = base === null ? undefined : vertex?.inputs[base];
    }
  }
  return chain;
}
