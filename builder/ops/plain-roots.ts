import { mkdirSync, renameSync } from "node:fs";
import type { LayerRecording } from "../../runtime/layers/layer-store.ts";
import type { PlainTrees } from "../../runtime/layers/plain-trees.ts";
import { plainPlan, sizesNotHeld } from "../../runtime/plan/plain.ts";
import type { StepRoots } from "./step-roots.ts";

export interface PlainRootServices {
  readonly trees: PlainTrees;
  tempPath(label: string): string;
  /** SOURCE_DATE_EPOCH. */
  readonly epoch?: number | undefined;
  record(): LayerRecording;
  /** Told, once, what a step asks for that does not hold. */
  notice(message: string): void;
  /** Moves a directory of tmp/ to where the step is kept that failed last. */
  keepFailed(directory: string, record: string): Promise<void>;
}

/** Trees of which every step has one to itself; the step's changes are seen by comparing, and recorded as it ends. */
export function plainRoots(services: PlainRootServices): StepRoots {
  const { trees, tempPath, epoch, record, keepFailed } = services;
  const told = new Set<string>();
  return {
    lowers: async (rootfs) => [await trees.shared(rootfs)],
    async open(base) {
      const path = await trees.take(base);
      const aside = tempPath("aside");
      const recording = record();
      const discard = async (): Promise<void> => {
        await Promise.all([trees.discard(path), trees.discard(aside)]);
      };
      return {
        spec: { kind: "plain", path, aside, epoch },
        changes: recording.changes,
        async adopt() {
          const layer = recording.finish();
          await Promise.all([trees.leave(path, [...base, layer]), trees.discard(aside)]);
          return layer;
        },
        discard,
        async keep(text) {
          const directory = tempPath("run");
          mkdirSync(directory);
          renameSync(path, `${directory}/tree`);
          await Promise.all([keepFailed(directory, text), trees.discard(aside)]);
        },
        // Its worker may have been killed, which else takes everything out of it.
        abandon: discard,
        [Symbol.dispose]: () => recording[Symbol.dispose](),
      };
    },
    fit(plan) {
      const message = sizesNotHeld(plan.mounts);
      if (message !== undefined && !told.has(message)) services.notice(message);
      told.add(message ?? "");
      return plainPlan(plan);
    },
  };
}
