import type { CacheKey } from "../cache/types.ts";
import { findKey } from "./keys.ts";
import { Schedule } from "./schedule.ts";
import { ancestry, createdAt, keysOf, reportOf, stateOf, statesOf, type Keyed, type State } from "./state.ts";
import { Steps } from "./steps.ts";
import type { OpResult, Solution, SolveOptions } from "./types.ts";

/** Begins to solve a graph: nothing is looked up or run before a result is asked for (docs/dev/cache-keys.md). */
export function solve(options: SolveOptions): Solution {
  const states = statesOf(options.vertices);
  const schedule = new Schedule();
  const steps = new Steps(options, schedule);
  const isRecorded = ({ vertex }: State): boolean => options.runner.recorded?.(vertex) ?? true;
  /** What ran, by canonical key: equal keys run once. */
  const runs = new Map<CacheKey, { readonly state: State; readonly result: Promise<OpResult> }>();

  const keyed = (state: State): Promise<Keyed> => {
    state.keying ??= quiet(
      findKey(state, { options, keyed, result, content: (...args) => steps.content(...args) }).then(
        (found) => {
          state.keyed = found;
          return found;
        },
      ),
    );
    return state.keying;
  };

  const result = (state: State): Promise<OpResult> => {
    state.result ??= quiet(keyed(state).then((found) => fromCache(state, found) ?? make(state, found)));
    return state.result;
  };

  /** The result that a record names, if there is one and its layers can be opened. */
  const fromCache = (state: State, { record }: Keyed): OpResult | undefined => {
    if (record === undefined) return undefined;
    const rootfs = options.openLayers(record.layers);
    if (rootfs === undefined) {
      const last = state.lookups.pop();
      if (last !== undefined) state.lookups.push({ ...last, answer: "gone" });
      return undefined;
    }
    reportUnneeded(state);
    steps.cached(state, "cached");
    options.onResult?.(state.vertex, rootfs);
    return { rootfs };
  };

  const make = async (state: State, found: Keyed): Promise<OpResult> => {
    schedule.check();
    if (isRecorded(state)) hurry(state);
    const inputs = await Promise.all(state.inputs.map(result));
    // Asked only now: an input may have the same key (COPY of a COPY), and waiting for it as for a run would never end.
    const key = found.canonical?.key;
    const running = key === undefined ? undefined : runs.get(key);
    if (key === undefined || running === undefined) {
      const run = steps.run(state, found, inputs);
      if (key !== undefined) runs.set(key, { state, result: run });
      return run;
    }
    const shared = await running.result;
    state.twin = running.state;
    if (found.alias !== undefined) options.cache.alias(found.alias, key);
    steps.cached(state, "shared");
    return shared;
  };

  /**
   * What waits for a step that runs will most likely run as well, and then needs its other inputs. Those that the cache
   * does not have are started now, side by side, and not only when the key of what waits for them is known.
   */
  const hurry = (running: State): void => {
    const late = new Set(running.users);
    for (const state of late) {
      if (state.late || !state.wanted) continue;
      state.late = true;
      for (const user of state.users) late.add(user);
      for (const input of state.inputs) void schedule.track(startMissing(input, state));
    }
  };

  const startMissing = async (state: State, user: State): Promise<void> => {
    if (!isRecorded(state)) return;
    try {
      const { record } = await keyed(state);
      if (record !== undefined) return;
      // If this was the last key that the user's own was waiting for, that is looked up first: it may be a hit.
      await new Promise((resolve) => setImmediate(resolve));
      if (user.keyed === undefined) await result(state);
    } catch {
      // The vertex that asks for it says so.
    }
  };

  /**
   * Nobody will ask for what a record was made from. It is told as cached where the cache has it, as people know it from
   * a build that changes nothing; what it has not (it was pruned, or never came with an imported cache) is not told of.
   * What is never recorded (a base image) was not needed where none of its users ran.
   */
  const reportUnneeded = (state: State): void => {
    for (const ancestor of ancestry(states, state)) {
      if (ancestor === state || ancestor.result !== undefined) continue;
      const needless = isRecorded(ancestor)
        ? isHit(ancestor)
        : ancestor.users.every((user) => !user.wanted || isHit(user));
      if (needless) steps.cached(ancestor, "cached");
    }
  };

  return {
    async result(id) {
      const letGo = schedule.heed(options.signal);
      try {
        schedule.check();
        const state = stateOf(states, id);
        // Inputs first, one by one: a graph of any depth is walked without recursion.
        for (const ancestor of ancestry(states, state)) {
          ancestor.wanted = true;
          void keyed(ancestor);
        }
        const made = await result(state);
        await schedule.idle();
        schedule.check();
        reportUnneeded(state);
        return made;
      } catch (error) {
        schedule.fail(error);
        await schedule.idle();
        throw schedule.failure;
      } finally {
        letGo();
      }
    },
    keysOf: (id) => keysOf(stateOf(states, id)),
    created: (id) => createdAt(stateOf(states, id)),
    report: () => [...states.values()].map((state) => reportOf(state, isRecorded(state))),
    reportOf(id) {
      const state = stateOf(states, id);
      return reportOf(state, isRecorded(state));
    },
  };
}

/** A promise that several wait for, or nobody: that it fails is told where it is awaited. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function isHit(state: State): boolean {
  return state.keyed?.record !== undefined;
}
