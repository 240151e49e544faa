import type { VertexId } from "../core/events.ts";
import type { RootFs } from "../layers/types.ts";
import { findKey, isForced } from "./keys.ts";
import { reportOf, stateOf, statesOf, type Keyed, type State } from "./state.ts";
import type { OpResult, SolveOptions, VertexReport } from "./types.ts";

/** What a build would do about a vertex. */
export interface Forecast {
  /** "may-run": only the result of a step before it tells. "unneeded": nobody would ask for it. */
  readonly verdict: "hit" | "run" | "may-run" | "unneeded";
  readonly report: VertexReport;
  /** What it results in without running a step: of base images and of what the cache has. */
  readonly rootfs?: RootFs;
  /** Its layers are read by a step that runs, or may run. */
  readonly read: "yes" | "maybe" | "no";
}

export interface ForecastOptions extends Pick<
  SolveOptions,
  "vertices" | "runner" | "cache" | "openLayers" | "noCache" | "cacheTtl"
> {
  readonly signal: AbortSignal;
  readonly targets: readonly VertexId[];
  /** Whether the files of these layers can be read without fetching one of them. */
  isReadable(rootfs: RootFs): Promise<boolean>;
}

/** A key hangs on something that only running a step tells. */
class Unknown extends Error {}

/**
 * Looks every key up that is known before a step runs, and says what a build would do: as `solve` goes, but nothing runs
 * and nothing is fetched.
 */
export async function forecast(options: ForecastOptions): Promise<readonly Forecast[]> {
  const states = statesOf(options.vertices);
  const { runner } = options;
  const context = { signal: options.signal, emit: () => undefined };
  const isRecorded = ({ vertex }: State): boolean => runner.recorded?.(vertex) ?? true;
  // A look into the cache of a plan leaves nothing there.
  const cache = { ...options.cache, get: options.cache.get, put: nothing, alias: nothing };
  const solving = { ...options, cache, slots: undefined as never, emit: nothing };

  const keyed = (state: State): Promise<Keyed> => {
    if (state.keying === undefined) {
      state.keying = findKey(state, { options: solving, keyed, result, content });
      state.keying.then((found) => (state.keyed = found)).catch(nothing);
    }
    return state.keying;
  };
  const found = async (state: State): Promise<RootFs | undefined> => {
    const { record } = await keyed(state);
    return record && options.openLayers(record.layers);
  };
  const result = (state: State): Promise<OpResult> => (state.result ??= resultOf(state));
  const resultOf = async (state: State): Promise<OpResult> => {
    if (!isRecorded(state)) {
      // A download says by its result alone whether it changed.
      if (runner.resource(state.vertex) === "network") throw new Unknown();
      return runner.run(state.vertex, [], context);
    }
    const rootfs = await found(state);
    if (rootfs === undefined) throw new Unknown();
    return { rootfs };
  };
  const content: Parameters<typeof findKey>[1]["content"] = async (state, inputs) => {
    for (const input of inputs.filter((one) => one !== undefined))
      if (!(await options.isReadable(input.rootfs))) throw new Unknown();
    return runner.content(state.vertex, inputs, context);
  };

  for (const state of states.values()) {
    state.forced = isRecorded(state) && isForced(state, options);
    await known(keyed(state));
  }
  const wanted = new Map<State, "yes" | "maybe">(
    options.targets.map((target) => [stateOf(states, target), "yes"]),
  );
  const read = new Map<State, "yes" | "maybe">();
  const forecasts: Forecast[] = [];
  for (const state of [...states.values()].reverse()) {
    const layers = (await known(result(state)))?.value.rootfs;
    const verdict = verdictOf(state, layers !== undefined || !isRecorded(state), wanted.get(state));
    if (verdict === "run" || verdict === "may-run") {
      // A build asks for every key: what one is made of that hangs on nothing else is made for sure.
      const isNext = state.keyed === undefined && state.inputs.every((input) => input.keyed !== undefined);
      const forKey = new Set(isNext ? runner.contentInputs(state.vertex) : []);
      for (const [index, input] of state.inputs.entries()) {
        const need = verdict === "run" || forKey.has(index) ? "yes" : "maybe";
        if (wanted.get(input) !== "yes") wanted.set(input, need);
        if (read.get(input) !== "yes") read.set(input, need);
      }
    }
    forecasts.push({
      verdict,
      report: reportOf(state, isRecorded(state)),
      ...(layers === undefined ? {} : { rootfs: layers }),
      read: read.get(state) ?? "no",
    });
  }
  return forecasts.reverse();
}

function verdictOf(state: State, isThere: boolean, wanted: "yes" | "maybe" | undefined): Forecast["verdict"] {
  if (isThere) return "hit";
  if (wanted === undefined) return "unneeded";
  const isCertain = state.forced || state.keyed !== undefined;
  return wanted === "yes" && isCertain ? "run" : "may-run";
}

/** What comes of it, or undefined where that is not to be known yet. */
async function known<T>(work: Promise<T>): Promise<{ readonly value: T } | undefined> {
  try {
    return { value: await work };
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

function nothing(): undefined {
  return undefined;
}
