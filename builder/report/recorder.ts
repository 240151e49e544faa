import type { BuildEvent, Emit, VertexId } from "../core/events.ts";
import type { StepGrowth } from "../api/growth.ts";
import type { ReportedStep, ReportedWork, StepState } from "./types.ts";

/** So much of a step's log stands in the page; `tsbuild logs` has all of it. */
const MAX_LOG = 256 << 10;

type Changing<T> = { -readonly [K in keyof T]: T[K] };
type Step = Changing<Omit<ReportedStep, "log" | "inputs">> & {
  readonly chunks: Buffer[];
  size: number;
  inputs: readonly number[];
};

/** Listens to a build and remembers what its report needs. */
export class ReportRecorder {
  readonly #steps = new Map<VertexId, Step>();
  readonly #work = new Map<string, Changing<ReportedWork>>();
  readonly #warnings: string[] = [];

  /** Takes events, and passes them on. */
  watching(emit: Emit): Emit {
    return (event) => {
      this.#take(event);
      emit(event);
    };
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  get work(): readonly ReportedWork[] {
    return [...this.#work.values()];
  }

  /** The steps, with what those that ran added to the image. */
  steps(growth: readonly StepGrowth[] = []): readonly ReportedStep[] {
    const byName = new Map(growth.map((one) => [one.step, one]));
    return [...this.#steps.values()].map(({ chunks, size, ...step }) => {
      const log = Buffer.concat(chunks);
      const kept = log.subarray(Math.max(0, log.length - MAX_LOG));
      const grown = byName.get(step.name);
      return {
        ...step,
        log: kept.toString("utf8"),
        logCut: size - kept.length,
        ...(grown === undefined ? {} : { growth: grown }),
      };
    });
  }

  #take(event: BuildEvent): void {
    switch (event.type) {
      case "plan":
        return this.#plan(event);
      case "step-started":
        return this.#change(event.id, (step) => {
          step.state = "running";
          step.started = event.time;
        });
      case "step-cached":
        return this.#end(event.id, "cached", event.time);
      case "step-done":
        return this.#end(event.id, "done", event.time);
      case "step-failed":
        return this.#end(event.id, "failed", event.time);
      case "step-canceled":
        return this.#end(event.id, "canceled", event.time);
      case "step-explained":
        return this.#change(event.id, (step) => void (step.why = event.words));
      case "step-output":
        return this.#change(event.id, (step) => addOutput(step, Buffer.from(event.data)));
      case "transfer":
        return this.#transfer(event);
      case "phase":
        return this.#phase(event);
      case "warning":
        this.#warnings.push(event.message);
        return;
      default:
    }
  }

  #plan({ steps }: Extract<BuildEvent, { type: "plan" }>): void {
    this.#steps.clear();
    const numbers = new Map(steps.map(({ id }, number) => [id, number]));
    for (const { id, name, stage = "", inputs } of steps) {
      this.#steps.set(id, {
        name,
        stage,
        inputs: inputs.flatMap((input) => numbers.get(input) ?? []),
        state: "waiting",
        why: [],
        logCut: 0,
        chunks: [],
        size: 0,
      });
    }
  }

  #change(id: VertexId, change: (step: Step) => void): void {
    const step = this.#steps.get(id);
    if (step !== undefined) change(step);
  }

  #end(id: VertexId, state: StepState, time: number): void {
    this.#change(id, (step) => {
      step.state = state;
      step.started ??= time;
      step.ended = time;
    });
  }

  #transfer(event: Extract<BuildEvent, { type: "transfer" }>): void {
    const known = this.#work.get(event.task);
    const started = known?.started ?? event.time;
    const bytes = event.done ? Math.max(event.current, event.total ?? 0) : event.current;
    this.#work.set(event.task, { name: event.label, started, ended: event.time, failed: false, bytes });
  }

  #phase({ name, state, time }: Extract<BuildEvent, { type: "phase" }>): void {
    const key = `phase ${name}`;
    const started = this.#work.get(key)?.started ?? time;
    const ended = state === "started" ? {} : { ended: time };
    this.#work.set(key, { name, started, failed: state === "failed", ...ended });
  }
}

/** Keeps the end of what a step writes: twice what is shown at most, so that it is not cut for every chunk. */
function addOutput(step: Step, data: Buffer): void {
  step.chunks.push(data);
  step.size += data.length;
  const held = step.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (step.chunks.length > 64 || held > 2 * MAX_LOG) {
    const all = Buffer.concat(step.chunks);
    step.chunks.splice(0, step.chunks.length, all.subarray(Math.max(0, all.length - MAX_LOG)));
  }
}
