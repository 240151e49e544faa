import { alignSteps } from "./align.ts";
import { opChanges } from "./op-changes.ts";
import type { BuildRecord, FileChange, ImageName, Reason, StepRecord } from "./types.ts";

/** What changed between two contents of a step; undefined where a list of one of them is missing. */
export type CompareContent = (
  before: StepRecord,
  after: StepRecord,
) => { readonly changes: readonly FileChange[]; readonly more: number } | undefined;

/** Says of the steps of a build why they ran, beside the build before it. */
export class Reasons {
  readonly #now: readonly StepRecord[];
  readonly #before: BuildRecord | undefined;
  readonly #matches: ReadonlyMap<number, number>;
  readonly #compare: CompareContent;
  readonly #renewed = new Map<StepRecord, boolean>();

  /** `now` may be filled in while the build goes on: a step is to be asked for once it and its inputs are known. */
  constructor(now: readonly StepRecord[], before: BuildRecord | undefined, compare: CompareContent) {
    this.#now = now;
    this.#before = before;
    this.#matches = alignSteps(before?.steps ?? [], now);
    this.#compare = compare;
  }

  /** Why a step ran, or would run; the most telling reason first. */
  of(number: number): Reason[] {
    const step = this.#now[number];
    if (step === undefined) return [];
    if (step.forced === "stage") return [{ why: "no-cache", stage: step.stage }];
    if (step.forced) return [{ why: "no-cache" }];
    if (step.found?.answer === "expired") return [{ why: "expired", created: step.found.created }];
    if (step.found?.answer === "gone") return [{ why: "layers-gone" }];
    if (this.#before === undefined) {
      return [step.pruned === undefined ? { why: "first-build" } : noRecord(step)];
    }
    const old = this.#before.steps[this.#matches.get(number) ?? -1];
    if (old === undefined) return [step.pruned === undefined ? { why: "new" } : noRecord(step)];
    if (step.key !== undefined && step.key === old.key) return [this.#sameKey(step, old)];
    const changes = [
      ...(step.own === old.own ? [] : opChanges(old, step)),
      ...this.#contentChanges(step, old),
      ...this.#inputChanges(step, old),
    ];
    if (changes.length > 0) return changes;
    if (step.key === undefined) return [{ why: "no-key" }];
    return [old.key === undefined ? endedBefore(old) : { why: "other-version" }];
  }

  /** It is what it was, and yet it ran. */
  #sameKey(step: StepRecord, old: StepRecord): Reason {
    if (old.outcome === "failed" || old.outcome === "canceled") return endedBefore(old);
    if (old.outcome === "unused" && step.pruned === undefined && this.#isFailedBefore())
      return endedBefore(old);
    const renewed = this.#inputsOf(step).find((input) => this.#isRenewed(input));
    return renewed === undefined ? noRecord(step) : { why: "input-renewed", step: renewed.name };
  }

  #contentChanges(step: StepRecord, old: StepRecord): Reason[] {
    if (step.content === undefined || old.content === undefined) return [];
    if (JSON.stringify(step.content) === JSON.stringify(old.content)) return [];
    const found = this.#compare(old, step);
    if (found === undefined) return [{ why: "content" }];
    // With another --chmod or --chown the same files count differently.
    if (found.changes.length === 0) return step.own === old.own ? [{ why: "content" }] : [];
    return [{ why: "files", ...found }];
  }

  /** Inputs that count by their keys: the base, and images that are copied from. */
  #inputChanges(step: StepRecord, old: StepRecord): Reason[] {
    const reasons: Reason[] = [];
    for (const [index, number] of step.inputs.entries()) {
      const input = this.#now[number];
      if (input === undefined || input.op.type === "context") continue;
      const was = this.#before?.steps[old.inputs[index] ?? -1];
      const isBase = "base" in step.op && step.op.base === index;
      const isByContent = step.content !== undefined && !isBase && input.op.type !== "image";
      if (isByContent || (was !== undefined && was.key === input.key)) continue;
      if (input.op.type === "image") {
        reasons.push({ why: "base-image", before: imageOf(was), after: imageOf(input) });
      } else if (was !== undefined) {
        const isGone = ![...this.#matches.values()].includes(old.inputs[index] ?? -1);
        // Of a step that was there before: what it now stands in for was between the two.
        const isOther = isGone && was.recorded && this.#matches.has(number);
        const before = isOther ? { before: was.name } : {};
        reasons.push({ why: "input", step: input.name, ...before });
      }
    }
    return reasons;
  }

  #isFailedBefore(): boolean {
    return this.#before?.steps.some(({ outcome }) => outcome === "failed") === true;
  }

  /** Made anew although nothing changed, so that nothing that stands on it is looked up. */
  #isRenewed(step: StepRecord): boolean {
    const known = this.#renewed.get(step);
    if (known !== undefined) return known;
    const own = step.forced !== undefined || step.found?.answer === "expired";
    const isRenewed = own || this.#inputsOf(step).some((input) => this.#isRenewed(input));
    this.#renewed.set(step, isRenewed);
    return isRenewed;
  }

  #inputsOf({ inputs }: StepRecord): StepRecord[] {
    return inputs.flatMap((number) => this.#now[number] ?? []);
  }
}

function noRecord({ pruned }: StepRecord): Reason {
  return { why: "no-record", ...(pruned === undefined ? {} : { pruned }) };
}

function endedBefore({ outcome }: StepRecord): Reason {
  if (outcome === "failed") return { why: "failed-before" };
  return { why: outcome === "canceled" ? "stopped-before" : "not-reached-before" };
}

function imageOf(step: StepRecord | undefined): ImageName {
  if (step === undefined) return { reference: "scratch", digest: "" };
  if (step.op.type !== "image") return { reference: step.name, digest: "" };
  return { reference: step.op.reference, digest: step.op.manifest };
}
