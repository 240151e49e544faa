import { lazy } from "../../builder/core/lazy.ts";
import type { Layer, LayerIndex, RootFs, Snapshot } from "../../builder/layers/types.ts";
import { outlineFrom } from "../../builder/layers/outline.ts";
import { isGoodOver, type LayerSnapshot } from "./delta-snapshot.ts";
import { earlySnapshot, isOnItsOwn, type Unsealed } from "./early-snapshot.ts";
import { followTar } from "./follow-tar.ts";
import type { TarProgress } from "./tar-progress.ts";
import type { LayerServices, MadeSnapshot } from "./types.ts";

/** What is being sealed, with no later times than `epoch`. */
interface Sealing extends Omit<Unsealed, "outline"> {
  readonly epoch: number | undefined;
  readonly progress: TarProgress;
}

/** What is known of a layer whose tar is being written. `sealed`: the layer, when it is. */
export function sealingLayer(
  services: LayerServices,
  { epoch, progress, ...known }: Sealing,
  sealed: Promise<Layer>,
): Layer {
  const unsealed: Unsealed = { ...known, outline: outlineFrom(known.changes, epoch) };
  return new SealingLayer(unsealed.outline, sealed, async (below) => {
    const form = await services.form();
    if (form === "none") return { directories: [], hides: [] };
    const early =
      (await earlySnapshot(services, unsealed, form, below)) ??
      (isOnItsOwn(services, unsealed) ? await followTar(services, progress, form) : undefined);
    if (early?.own !== undefined) services.background(keep(services, early.own, sealed, known.kin));
    return early;
  });
}

async function keep(
  services: LayerServices,
  made: MadeSnapshot,
  sealed: Promise<Layer>,
  kin: Unsealed["kin"],
): Promise<void> {
  try {
    const diffId = await (await sealed).diffId();
    const isKept = services.keepSnapshot(diffId, await services.form(), made);
    if (isKept && kin !== undefined) services.copies.keep(kin, diffId);
  } catch {
    // Whoever asks for the layer hears why.
    services.dropSnapshot(made.snapshot);
  }
}

/** A layer whose tar is still being written: steps that stand on it need what it has, and perhaps a snapshot, and no more. */
class SealingLayer implements Layer {
  readonly #outline: LayerIndex;
  readonly #sealed: Promise<Layer>;
  readonly #early: (below: RootFs) => Promise<LayerSnapshot | undefined>;
  #made: (() => Promise<LayerSnapshot | undefined>) | undefined;

  /** `early`: a snapshot that does not wait for the tar, good over these layers; undefined where there is none. */
  constructor(
    outline: LayerIndex,
    sealed: Promise<Layer>,
    early: (below: RootFs) => Promise<LayerSnapshot | undefined>,
  ) {
    this.#outline = outline;
    this.#sealed = sealed;
    this.#early = early;
  }

  readonly outline = async () => this.#outline;
  readonly diffId = async () => (await this.#sealed).diffId();
  readonly index = async () => (await this.#sealed).index();
  readonly blob = async () => (await this.#sealed).blob();
  readonly tar = async () => (await this.#sealed).tar();

  async snapshot(below: RootFs): Promise<Snapshot> {
    this.#made ??= lazy(() => this.#early(below));
    const made = await this.#made();
    if (made !== undefined && (await isGoodOver(made, below))) return made.directories;
    return (await this.#sealed).snapshot(below);
  }
}
