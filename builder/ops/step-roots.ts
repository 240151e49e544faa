import { mkdirSync } from "node:fs";
import type { Bytes } from "../core/bytes.ts";
import { snapshotsOf } from "../layers/snapshots.ts";
import type { Layer, RootFs } from "../layers/types.ts";
import { ownersBeside, specialOwners } from "../../runtime/layers/special-owners.ts";
import type { EntryVisitor, RunPlan } from "../../runtime/types.ts";

/** How steps get root filesystems, and what becomes of what they write: by overlays, or in plain trees. */
export interface StepRoots {
  /** Directories to mount or copy from, bottom first. */
  lowers(rootfs: RootFs): Promise<string[]>;
  /** A root filesystem that one step may write to. */
  open(base: RootFs): Promise<StepRoot>;
  /** The plan with what cannot be had here done in other ways, or an error. */
  fit(plan: RunPlan): RunPlan;
}

export interface StepRoot extends Disposable {
  readonly spec: RunPlan["root"];
  /** Owners that the root filesystem cannot say; see specialOwners. */
  readonly owners?: readonly Bytes[];
  /** Told what the step changed, where that cannot be seen afterwards. */
  readonly changes?: EntryVisitor;
  /** The layer that a step made which succeeded. */
  adopt(): Promise<Layer>;
  /** After a step that did not. */
  discard(): Promise<void>;
  /** After a step of which nobody knows how it ended: what holds secrets goes at once. */
  abandon?(): Promise<void>;
  /** Instead of discarding: keeps it as the step that failed last, with what is to be said of it. */
  keep?(record: string): Promise<void>;
}

export interface OverlayServices {
  /** Only one id exists. */
  readonly single: boolean;
  tempPath(label: string): string;
  adopt(upper: string, lower: RootFs, owners: Uint8Array | undefined): Promise<Layer>;
  /** Removes a directory of tmp/ beside the build. */
  discard(directory: string): void;
  remove(directory: string): Promise<void>;
  /** Moves a directory of tmp/ to where the step is kept that failed last. */
  keepFailed(directory: string, record: string): Promise<void>;
}

/** The layers' snapshots below, and a directory that takes the writes. */
export function overlayRoots(services: OverlayServices): StepRoots {
  return {
    lowers: snapshotsOf,
    async open(base) {
      const directory = services.tempPath("run");
      mkdirSync(directory);
      const upper = `${directory}/fs`;
      return {
        spec: { kind: "overlay", lowers: await snapshotsOf(base), upper, work: `${directory}/work` },
        ...(services.single && { owners: await specialOwners(base) }),
        async adopt() {
          const layer = await services.adopt(upper, base, ownersBeside(`${directory}/work`));
          services.discard(directory);
          return layer;
        },
        discard: () => services.remove(directory),
        keep: (record) => services.keepFailed(directory, record),
        [Symbol.dispose]() {},
      };
    },
    fit: (plan) => plan,
  };
}
