import { secondThread } from "../core/second-thread.ts";
import type { Digest } from "../core/digest.ts";
import { loadQueue } from "../core/slots.ts";
import { inSmallYoungSpace } from "../core/young-space.ts";
import type { CopyOp } from "../graph/types.ts";
import type { Layer, NewChange, RootFs } from "../layers/types.ts";
import type { SealedAhead } from "../../runtime/layers/layer-store.ts";
import type { BeforeHashing } from "./copy/content.ts";
import { inputAt } from "./inputs.ts";
import type { Inputs, OpServices, Step } from "./types.ts";

/** Less is read twice in no time. An open and a close cost as much as so many bytes. */
const WORTH_IT = 24 << 20;
const COST_OF_FILE = 8 << 10;

/** What a COPY would do if it ran. */
export interface CopyPlan {
  changes(base: RootFs): Promise<readonly NewChange[]>;
  kin(): Digest;
}

/**
 * COPYs whose layer is sealed before their key is known, so that each file is opened once: what goes into the tar is hashed
 * for the key on the way. It is for nothing where the cache turns out to have the layer, so it is done only where no build
 * has read a file of the context before, and what the copy stands on is here.
 */
export class CopiesAhead {
  readonly #services: OpServices;
  readonly #made = new WeakMap<CopyOp, { readonly base: RootFs; readonly keep: SealedAhead }>();
  /** One at a time, as each takes memory. */
  #busy = false;

  constructor(services: OpServices) {
    this.#services = services;
  }

  /** What is to be done before files are hashed for the key of a COPY; undefined where nothing is. */
  before(op: CopyOp, inputs: Inputs, step: Step, plan: CopyPlan): BeforeHashing | undefined {
    const { baseAhead } = step;
    if (baseAhead === undefined || op.unpack) return undefined;
    let asked = false;
    return async (files, bytes) => {
      if (asked || this.#busy || bytes + files * COST_OF_FILE < WORTH_IT) return;
      asked = true;
      if (!this.#takesNewFiles(op, inputs)) return;
      this.#busy = true;
      try {
        const thread = await secondThread();
        if (thread === undefined) return;
        const base = op.base === null ? [] : (await baseAhead())?.rootfs;
        if (base === undefined || !(await this.#services.isIndexed(base))) return;
        // What it does to V8's flags when it begins would let this thread's memory grow while it plans. What comes after the
        // plan most likely needs a slot.
        await Promise.all([thread.begun, loadQueue()]);
        const changes = await inSmallYoungSpace(() => plan.changes(base));
        const keep = await this.#services.sealAhead(changes, step.signal, plan.kin());
        if (keep !== undefined) this.#made.set(op, { base, keep });
      } catch (error) {
        // Whatever it was is told when the copy runs, if it does.
        if (step.signal.aborted) throw error;
      } finally {
        this.#busy = false;
      }
    };
  }

  /** The layer of a COPY that is to run after all, where it was made upon these layers. */
  take(op: CopyOp, base: RootFs): Layer | undefined {
    const made = this.#made.get(op);
    const fits = made?.base.length === base.length && made.base.every((layer, at) => layer === base[at]);
    return fits ? made.keep() : undefined;
  }

  #takesNewFiles(op: CopyOp, inputs: Inputs): boolean {
    return op.sources.every((source) => {
      if (source.from === "inline") return true;
      const { vertex } = inputAt(inputs, source.input);
      return vertex.op.type === "context" && this.#services.context(vertex.op.name).isNew === true;
    });
  }
}
