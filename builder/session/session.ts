import { availableParallelism } from "node:os";
import type { Writable } from "node:stream";
import { messageOf, TsbuildError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { Slots } from "../core/slots.ts";
import { LayerTrees } from "../ops/trees.ts";
import type { Transport } from "../net/types.ts";
import type { RegistryClient } from "../registry/types.ts";
import { openStore } from "../store/open.ts";
import type { Store } from "../store/types.ts";
import { cautionOf } from "../../runtime/isolation/caution.ts";
import type { OpenedIsolation } from "../../runtime/isolation/open.ts";
import { LayerStore } from "../../runtime/layers/layer-store.ts";
import { formAt, type SnapshotForm } from "../../runtime/layers/snapshot-form.ts";
import type { NetworkPool } from "../../runtime/network/pool.ts";
import type { Helper } from "../../runtime/types.ts";
import { FoundNames } from "./found-names.ts";

export interface SessionOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Asked for by what writes there: a stream takes a millisecond to load. */
  readonly stdout: () => Writable;
}

/** A registry takes this many transfers at once well. */
const NETWORK_SLOTS = 4;

/** What a command works with: the store, and what is made when it is first asked for. */
export class Session implements AsyncDisposable {
  readonly store: Store;
  readonly names: FoundNames;
  readonly layers: LayerStore;
  readonly trees: LayerTrees = new LayerTrees();
  readonly slots: Slots = new Slots({
    network: NETWORK_SLOTS,
    // Asked for when something runs: node:os takes a third of a millisecond to load.
    get cpu() {
      return availableParallelism();
    },
    get exec() {
      return availableParallelism();
    },
  });
  readonly stdout: () => Writable;
  readonly emit: Emit;
  readonly env: NodeJS.ProcessEnv;
  /** No registry and no server is asked for anything: --offline. */
  offline = false;
  #opened: Promise<OpenedIsolation> | undefined;
  #swept: Promise<void> | undefined;
  #cap: { readonly bytes: number | undefined } | undefined;
  #registry: Promise<RegistryClient> | undefined;
  #transport: Promise<Transport> | undefined;
  readonly #onHelper: (() => Promise<void>)[] = [];
  readonly #networks = new Map<boolean, Promise<NetworkPool>>();

  constructor({ env, emit, stdout }: SessionOptions) {
    this.env = env;
    this.emit = emit;
    this.stdout = stdout;
    this.store = openStore({ env });
    this.names = new FoundNames(this.store.refs);
    this.layers = new LayerStore(this.store, this.helper, this.form);
  }

  /** The process that enters root filesystems; it may still be starting. */
  readonly helper = async (): Promise<Helper> => {
    const { helper } = await this.isolating();
    await (this.#swept ??= this.#sweep(helper));
    return helper;
  };

  /** The same for what needs no files of the store, which dead sessions may have left something in. */
  readonly earlyHelper = async (): Promise<Helper> => (await this.isolating()).helper;

  /** The same, and what it may do here, as far as can be seen before it is tried. */
  readonly isolating = (): Promise<OpenedIsolation> => {
    if (this.#opened === undefined) {
      this.#opened = this.#openIsolation();
      for (const work of this.#onHelper) void work().catch(() => {});
    }
    return this.#opened;
  };

  /** The same, when it has started. */
  readonly isolated = async (): Promise<OpenedIsolation> => {
    const opened = await this.isolating();
    await opened.ready;
    return opened;
  };

  /** How layers are unpacked for steps; where steps cannot be run at all, not. */
  readonly form = async (): Promise<SnapshotForm> => {
    const opened = await this.isolated().catch(() => undefined);
    return opened === undefined ? "none" : formAt(opened.isolation.level);
  };

  /** Does something when the helper is first asked for. */
  onHelper(work: () => Promise<void>): void {
    this.#onHelper.push(work);
  }

  readonly registry = async (): Promise<RegistryClient> => {
    if (this.offline) throw new TsbuildError("OFFLINE", "Cannot ask a registry: --offline forbids it");
    return (this.#registry ??= this.#openRegistry());
  };

  /** HTTP for what is no registry's: ADD, contexts. */
  readonly transport = (): Promise<Transport> => (this.#transport ??= this.#openTransport());

  /** Networks for steps; with `hostGateway` they reach this machine at their gateway. */
  readonly networks = (hostGateway: boolean): Promise<NetworkPool> => {
    const pool = this.#networks.get(hostGateway) ?? this.#openNetworks(hostGateway);
    this.#networks.set(hostGateway, pool);
    return pool;
  };

  /** Makes what was written survive a power cut. */
  async makeDurable(): Promise<void> {
    this.names.keep();
    await this.layers.settle();
    const helper = (await this.#working())?.helper;
    await this.store.sync(helper && ((directory) => helper.sync(directory)));
  }

  /** Keeps the cache below so many bytes when this session ends: then it uses nothing any more. */
  capCache(bytes: number | undefined): void {
    this.#cap = { bytes };
  }

  /** Where a helper was asked for, and could be had. */
  async #working(): Promise<OpenedIsolation | undefined> {
    await this.#swept?.catch(() => {});
    return this.#opened === undefined ? undefined : this.isolated().catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.names.keep();
    await this.#enforceCap();
    const opened = await this.#working();
    if (opened !== undefined) await this.layers.settle();
    await (await this.#registry?.catch(() => undefined))?.close();
    await (await this.#transport?.catch(() => undefined))?.close();
    await this.#closeStore(opened);
  }

  /** What the helper has to tidy up keeps nobody waiting, but where all processes end with this one: in a container. */
  async #closeStore(opened: OpenedIsolation | undefined): Promise<void> {
    const helper = opened?.helper;
    if (process.pid === 1 || opened?.isolation.level === "chroot") {
      await helper?.[Symbol.asyncDispose]();
      await this.store.close();
      return;
    }
    await this.store.close(helper && ((directory) => helper.leave([directory])));
    await helper?.leave([]);
  }

  async #enforceCap(): Promise<void> {
    if (this.#cap === undefined || this.store.written() === 0) return;
    try {
      await this.layers.settle();
      const { enforceCap } = await import("../space/cap.ts");
      await enforceCap(this.store, this.#cap.bytes, async (paths) => (await this.helper()).remove(paths));
    } catch (error) {
      this.emit({ type: "warning", message: `Cannot make space in the store: ${messageOf(error)}` });
    }
  }

  async #openIsolation(): Promise<OpenedIsolation> {
    const { openIsolation } = await import("../../runtime/isolation/open.ts");
    const binary = this.env["TSBUILD_HELPER"];
    const options = { ...(binary && { binary }), lanes: 3 * availableParallelism() + 4 };
    const opened = await openIsolation(options, this.store.root);
    const caution = cautionOf(opened.isolation);
    if (caution !== undefined) this.emit({ type: "notice", message: caution });
    return opened;
  }

  /** Removes what sessions that are gone have left. */
  async #sweep(helper: Helper): Promise<void> {
    const abandoned = await this.store.sweepSessions();
    if (abandoned.length > 0) await helper.remove(abandoned);
  }

  async #openNetworks(hostGateway: boolean): Promise<NetworkPool> {
    const { NetworkPool } = await import("../../runtime/network/pool.ts");
    return new NetworkPool({
      helper: this.helper,
      tempPath: () => this.store.tempPath("net"),
      env: this.env,
      shared: (await this.form()) === "none",
      hostGateway,
      notice: (message) => this.emit({ type: "notice", message }),
    });
  }

  async #openTransport(): Promise<Transport> {
    const { createTransport } = await import("../net/transport.ts");
    return createTransport({ env: this.env });
  }

  async #openRegistry(): Promise<RegistryClient> {
    const [{ createRegistryClient }, { loadRegistryConfig }, { loadCredentials }] = await Promise.all([
      import("../registry/client.ts"),
      import("../registry/config.ts"),
      import("../registry/credentials.ts"),
    ]);
    const config = await loadRegistryConfig(this.env);
    return createRegistryClient({ config, credentials: loadCredentials(this.env), env: this.env });
  }
}
