import { placeOf } from "../planning/build-place.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Emit, VertexId } from "../core/events.ts";
import type { Json } from "../core/json.ts";
import { compareBy } from "../explain/explanation.ts";
import { isSameBuild, readJournal, writeJournal } from "../explain/journal.ts";
import { Reasons } from "../explain/reasons.ts";
import { fingerprintOf, recordingOf, type Solved } from "../explain/records.ts";
import { reasonText } from "../explain/text.ts";
import type { StepRecord } from "../explain/types.ts";
import type { Solution } from "../solver/types.ts";
import { prunedIn } from "../store/tombstones.ts";
import type { Store } from "../store/types.ts";
import type { BuildOptions } from "../api/types.ts";

/**
 * Writes down what a build does, so that the next one can be compared with it, and says of each step when it begins why
 * it runs, if that was asked for. A build that finds all that the one before it found costs one look at a file.
 */
export class BuildJournal {
  readonly #store: Store;
  readonly #options: BuildOptions;
  readonly #solved: Omit<Solved, "reportOf">;
  readonly #numbers: ReadonlyMap<VertexId, number>;
  readonly #records: StepRecord[] = [];
  #solution: Solution | undefined;
  #reasons: Reasons | undefined;

  constructor(store: Store, options: BuildOptions, solved: Omit<Solved, "reportOf">) {
    this.#store = store;
    this.#options = options;
    this.#solved = solved;
    this.#numbers = new Map(solved.vertices.map(({ id }, number) => [id, number]));
  }

  /** The solution that is being made: another one where a build begins anew. */
  attach(solution: Solution): void {
    this.#solution = solution;
  }

  /** Passes events on, and explains the steps that begin. */
  watching(emit: Emit): Emit {
    if (this.#options.explain !== true) return emit;
    return (event) => {
      emit(event);
      if (event.type !== "step-started" || this.#solution === undefined) return;
      if (this.#solution.reportOf(event.id).recorded) this.#explain(event.id, event.time, emit);
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

  #explain(id: VertexId, time: number, emit: Emit): void {
    const { vertices } = this.#solved;
    const number = this.#numbers.get(id) ?? -1;
    const vertex = vertices[number];
    if (this.#solution === undefined || vertex === undefined) return;
    const record = this.#recording(this.#solution);
    if (this.#records.length === 0) this.#records.push(...vertices.map(record));
    for (const at of [...vertex.inputs.map((input) => this.#numbers.get(input) ?? -1), number]) {
      const known = vertices[at];
      if (known !== undefined) this.#records[at] = record(known);
    }
    const before = (): ReturnType<typeof readJournal> => readJournal(this.#store, placeOf(this.#options));
    this.#reasons ??= new Reasons(this.#records, before()?.last, compareBy(this.#store));
    const reasons = this.#reasons.of(number);
    emit({
      type: "step-explained",
      id,
      words: reasons.map((reason) => reasonText(reason, time)),
      reasons: reasons as unknown as readonly Json[],
      time,
    });
  }

  #recording(solution: Solution): ReturnType<typeof recordingOf> {
    return recordingOf({
      ...this.#solved,
      reportOf: (id) => solution.reportOf(id),
      pruned: prunedIn(this.#store.root),
    });
  }
}
