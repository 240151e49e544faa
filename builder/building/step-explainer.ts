import { placeOf } from "../planning/build-place.ts";
import type { BuildEvent, VertexId } from "../core/events.ts";
import type { Json } from "../core/json.ts";
import { compareBy } from "../explain/explanation.ts";
import { readJournal } from "../explain/journal.ts";
import { Reasons } from "../explain/reasons.ts";
import type { recordingOf } from "../explain/records.ts";
import { reasonText } from "../explain/text.ts";
import type { StepRecord } from "../explain/types.ts";
import type { Vertex } from "../graph/types.ts";
import type { Store } from "../store/types.ts";
import type { BuildOptions } from "../api/types.ts";

/** Says of each step of a build when it begins why it runs: --explain. */
export class StepExplainer {
  readonly #store: Store;
  readonly #options: BuildOptions;
  readonly #vertices: readonly Vertex[];
  readonly #numbers: ReadonlyMap<VertexId, number>;
  readonly #records: StepRecord[] = [];
  #reasons: Reasons | undefined;

  constructor(store: Store, options: BuildOptions, vertices: readonly Vertex[]) {
    this.#store = store;
    this.#options = options;
    this.#vertices = vertices;
    this.#numbers = new Map(vertices.map(({ id }, number) => [id, number]));
  }

  /** `record` writes down what is known of a step by now. */
  explain(id: VertexId, time: number, record: ReturnType<typeof recordingOf>): BuildEvent | undefined {
    const number = this.#numbers.get(id) ?? -1;
    const vertex = this.#vertices[number];
    if (vertex === undefined) return undefined;
    if (this.#records.length === 0) this.#records.push(...this.#vertices.map(record));
    for (const at of [...vertex.inputs.map((input) => this.#numbers.get(input) ?? -1), number]) {
      const known = this.#vertices[at];
      if (known !== undefined) this.#records[at] = record(known);
    }
    this.#reasons ??= new Reasons(this.#records, this.#before()?.last, compareBy(this.#store));
    const reasons = this.#reasons.of(number);
    return {
      type: "step-explained",
      id,
      words: reasons.map((reason) => reasonText(reason, time)),
      reasons: reasons as unknown as readonly Json[],
      time,
    };
  }

  #before(): ReturnType<typeof readJournal> {
    return readJournal(this.#store, placeOf(this.#options));
  }
}
