import { placeOf } from "../planning/build-place.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { isSameBuild, writeJournal } from "../explain/journal.ts";
import { fingerprintOf, recordingOf, type Solved } from "../explain/records.ts";
import type { Solution } from "../solver/types.ts";
import { prunedIn } from "../store/tombstones.ts";
import type { Store } from "../store/types.ts";
import type { BuildOptions } from "../api/types.ts";
import type { StepExplainer } from "./step-explainer.ts";

/**
 * Writes down what a build does, so that the next one can be compared with it, and says of each step when it begins why
 * it runs, if that was asked for. A build that finds all that the one before it found costs one look at a file.
 */
export class BuildJournal {
  readonly #store: Store;
  readonly #options: BuildOptions;
  readonly #solved: Omit<Solved, "reportOf" | "byStage">;
  readonly #explainer: StepExplainer | undefined;
  #solution: Solution | undefined;

  /** `explainer` says why steps run while they do. */
  constructor(
    store: Store,
    options: BuildOptions,
    solved: Omit<Solved, "reportOf" | "byStage">,
    explainer?: StepExplainer,
  ) {
    this.#store = store;
    this.#options = options;
    this.#solved = solved;
    this.#explainer = explainer;
  }

  /** The solution that is being made: another one where a build begins anew. */
  attach(solution: Solution): void {
    this.#solution = solution;
  }

  /** Passes events on, and explains the steps that begin. */
  watching(emit: Emit): Emit {
    const explainer = this.#explainer;
    if (explainer === undefined) return emit;
    return (event) => {
      emit(event);
      const solution = this.#solution;
      if (event.type !== "step-started" || solution === undefined) return;
      if (!solution.reportOf(event.id).recorded) return;
      const explained = explainer.explain(event.id, event.time, this.#recording(solution));
      if (explained !== undefined) emit(explained);
    };
  }

  /** Keeps what is known by now; called once the steps are over, and once more does nothing. */
  keep(): void {
    const solution = this.#solution;
    this.#solution = undefined;
    if (solution === undefined) return;
    const report = solution.report();
    const isIdle = report.every(
      ({ recorded, outcome }) => !recorded || outcome === "cached" || outcome === "shared",
    );
    const place = placeOf(this.#options);
    const fingerprint = fingerprintOf(report);
    if (isIdle && isSameBuild(this.#store, place, fingerprint)) return;
    const steps = this.#solved.vertices.map(this.#recording(solution));
    try {
      writeJournal(this.#store, place, { time: Date.now(), steps }, fingerprint);
    } catch (error) {
      // That nothing can be explained later is no reason to fail a build, or to hide why it failed.
      if (!(error instanceof TsbuildError)) throw error;
    }
  }

  #recording(solution: Solution): ReturnType<typeof recordingOf> {
    return recordingOf({
      ...this.#solved,
      reportOf: (id) => solution.reportOf(id),
      byStage: !this.#options.noCache,
      pruned: prunedIn(this.#store.root),
    });
  }
}
