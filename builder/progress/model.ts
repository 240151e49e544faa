import type { Diagnostic } from "../core/diagnostic.ts";
import type { BuildEvent } from "../core/events.ts";
import { lineOf, NO_REST, splitLines } from "./lines.ts";
import { WAITING } from "./waiting.ts";

/** Lines of output kept for each step: the display shows no more. */
export const TAIL = 6;

type StepStatus = "running" | "cached" | "done" | "failed" | "canceled";

/** Something that takes time, as the display shows it: a step, a phase, or a transfer that belongs to neither. */
export interface ShownStep {
  readonly key: string;
  readonly name: string;
  readonly status: StepStatus;
  readonly started: number;
  readonly ended?: number;
  /** The last lines that it wrote, unfinished ones included. */
  readonly tail: readonly string[];
  readonly rests: { readonly stdout: Buffer; readonly stderr: Buffer };
  readonly transfers: readonly ShownTransfer[];
  /** Why it runs. */
  readonly why: readonly string[];
}

export interface ShownTransfer {
  readonly task: string;
  readonly label: string;
  readonly current: number;
  readonly total?: number;
  readonly started: number;
}

/** All that the display knows. Plain data: the next state is made from this one and an event. */
export interface ProgressState {
  /** Planned names by vertex. */
  readonly names: ReadonlyMap<string, string>;
  /** In the order in which they began. */
  readonly steps: readonly ShownStep[];
  readonly places: ReadonlyMap<string, number>;
  /** Running phases, the latest last. */
  readonly phases: readonly string[];
  /** Planned steps that ended. */
  readonly ended: number;
  readonly began?: number;
  readonly remarks: readonly string[];
  /** About the Dockerfile. */
  readonly warnings: readonly Diagnostic[];
}

/** Nothing has happened yet. */
export const INITIAL: ProgressState = {
  names: new Map(),
  steps: [],
  places: new Map(),
  phases: [],
  ended: 0,
  remarks: [],
  warnings: [],
};

/** The state after an event. */
export function reduce(state: ProgressState, event: BuildEvent): ProgressState {
  switch (event.type) {
    case "plan":
      return { ...state, names: new Map(event.steps.map((step) => [step.id, step.name])) };
    case "step-started":
      return update(begin(state, event.id, event.time), event.id, (step) => ({
        ...step,
        status: "running",
        // What it waited before is no time of its own.
        started: event.time,
        tail: [],
      }));
    case "step-waiting":
      return update(begin(state, event.id, event.time), event.id, (step) => ({
        ...step,
        tail: [WAITING[event.for]],
      }));
    case "step-explained":
      return update(begin(state, event.id, event.time), event.id, (step) => ({ ...step, why: event.words }));
    case "step-output":
      return update(begin(state, event.id, event.time), event.id, (step) => {
        const { lines, rest } = splitLines(step.rests[event.stream], event.data, TAIL);
        const rests = { ...step.rests, [event.stream]: rest };
        return {
          ...step,
          rests,
          tail: lines.length === 0 ? step.tail : [...step.tail, ...lines].slice(-TAIL),
        };
      });
    case "step-cached":
      return end(state, event.id, event.time, "cached");
    case "step-done":
      return end(state, event.id, event.time, "done");
    case "step-failed":
      return end(state, event.id, event.time, "failed");
    case "step-canceled":
      return end(state, event.id, event.time, "canceled");
    case "transfer":
      return transfer(state, event);
    case "phase":
      return phase(state, event);
    case "warning":
      return event.diagnostic === undefined
        ? remark(state, `WARNING: ${event.message}`)
        : { ...state, warnings: [...state.warnings, event.diagnostic] };
    case "notice":
      return remark(state, `NOTE: ${event.message}`);
  }
}

function remark(state: ProgressState, text: string): ProgressState {
  return { ...state, remarks: [...state.remarks, text] };
}

/** The state with a step in it, where it is new. */
function begin(state: ProgressState, key: string, time: number, name?: string): ProgressState {
  if (state.places.has(key)) return state;
  const step: ShownStep = {
    key,
    name: name ?? state.names.get(key) ?? key,
    status: "running",
    started: time,
    tail: [],
    rests: { stdout: NO_REST, stderr: NO_REST },
    transfers: [],
    why: [],
  };
  return {
    ...state,
    began: state.began ?? time,
    steps: [...state.steps, step],
    places: new Map(state.places).set(key, state.steps.length),
  };
}

function update(state: ProgressState, key: string, change: (step: ShownStep) => ShownStep): ProgressState {
  const place = state.places.get(key);
  const step = place === undefined ? undefined : state.steps[place];
  if (place === undefined || step === undefined) return state;
  return { ...state, steps: state.steps.with(place, change(step)) };
}

function end(
  state: ProgressState,
  key: string,
  time: number,
  status: StepStatus,
  name?: string,
): ProgressState {
  const begun = begin(state, key, time, name);
  const again = begun.steps[begun.places.get(key) ?? -1]?.ended !== undefined;
  const ended = begun.ended + (state.names.has(key) && !again ? 1 : 0);
  return update({ ...begun, ended }, key, (step) => {
    const rests = [step.rests.stdout, step.rests.stderr].filter((rest) => rest.length > 0).map(lineOf);
    const { tail } = step;
    return {
      ...step,
      status,
      ended: time,
      transfers: [],
      rests: { stdout: NO_REST, stderr: NO_REST },
      tail: [...tail, ...rests].slice(-TAIL),
    };
  });
}

function transfer(state: ProgressState, event: Extract<BuildEvent, { type: "transfer" }>): ProgressState {
  const phase = state.phases.at(-1);
  const own = event.id === undefined && phase === undefined;
  const key = event.id ?? (phase === undefined ? `transfer:${event.task}` : `phase:${phase}`);
  const begun = begin(state, key, event.time, own ? event.label : phase);
  if (own && event.done) return end(begun, key, event.time, "done");
  return update(begun, key, (step) => {
    const others = step.transfers.filter((one) => one.task !== event.task);
    if (event.done) return { ...step, transfers: others };
    const { task, label, current, total } = event;
    const started = step.transfers.find((one) => one.task === task)?.started ?? event.time;
    const next: ShownTransfer = { task, label, current, started, ...(total === undefined ? {} : { total }) };
    const at = step.transfers.findIndex((one) => one.task === task);
    return { ...step, transfers: at < 0 ? [...step.transfers, next] : step.transfers.with(at, next) };
  });
}

function phase(state: ProgressState, event: Extract<BuildEvent, { type: "phase" }>): ProgressState {
  const key = `phase:${event.name}`;
  if (event.state === "started") {
    const begun = begin(state, key, event.time, event.name);
    return { ...begun, phases: [...begun.phases, event.name] };
  }
  const phases = state.phases.filter((name) => name !== event.name);
  return end({ ...state, phases }, key, event.time, event.state, event.name);
}
