import type { CacheRecord } from "../cache/types.ts";
import { contentKey, definitionKey, type NamedKey } from "./cache-key.ts";
import type { Vertex } from "../graph/types.ts";
import type { Keyed, State } from "./state.ts";
import type { Lookup, OpContext, OpResult, SolveOptions } from "./types.ts";

/** What finding a key needs of the rest of the solver. */
export interface Keying {
  readonly options: SolveOptions;
  keyed(state: State): Promise<Keyed>;
  result(state: State): Promise<OpResult>;
  /** `runner.content`, watched. */
  content(
    state: State,
    inputs: readonly OpResult[],
    baseAhead: OpContext["baseAhead"],
  ): ReturnType<SolveOptions["runner"]["content"]>;
}

/**
 * Finds a vertex's canonical key, and its record on the way. First by definition, for which nothing need have run; where
 * that finds nothing, by the content that the op takes from its inputs. Users chain on the key that the record lies
 * under, so that an input that came out the same, however it was made, changes nothing after it.
 */
export async function findKey(state: State, keying: Keying): Promise<Keyed> {
  const { vertex, inputs } = state;
  const { runner, cache } = keying.options;
  const recorded = runner.recorded?.(vertex) ?? true;
  const contentInputs = runner.contentInputs(vertex);
  const parents = await Promise.all(inputs.map((input) => keying.keyed(input)));
  const keys = parents.map(({ canonical }) => canonical?.key);
  const definition = runner.definition(vertex);
  const byDefinition = definitionKey(definition, keys);
  state.forced = recorded && isForced(state, keying.options);
  let renewed = state.forced || parents.some((parent) => parent.renewed);
  if (!recorded) return { canonical: byDefinition, alias: undefined, record: undefined, renewed };

  if (!renewed) {
    const record = await ask(state, "definition", byDefinition, keying.options);
    if (record !== undefined) return { canonical: record, alias: undefined, record, renewed };
    renewed = isExpired(state);
  }
  if (contentInputs.length === 0) {
    return { canonical: byDefinition, alias: undefined, record: undefined, renewed };
  }
  const results: OpResult[] = [];
  await Promise.all(
    contentInputs.map(async (index) => {
      const input = inputs[index];
      if (input !== undefined) results[index] = await keying.result(input);
    }),
  );
  const base = "base" in vertex.op ? vertex.op.base : null;
  const under = base === null ? undefined : inputs[base];
  const mayRunAhead =
    keying.options.runAhead === true && (base === null || (under !== undefined && isAtHand(under, runner)));
  const content = await keying.content(
    state,
    results,
    mayRunAhead ? async () => under && keying.result(under) : undefined,
  );
  state.content = content;
  const own = runner.contentDefinition?.(vertex) ?? definition ?? null;
  // COPY --from may take from the very stage that it stands on: then that input counts by its key as well.
  const byContentAlone = contentInputs.filter((index) => index !== base);
  const byContent = contentKey(own, content, byContentAlone, keys);
  const alias = byContent === undefined ? undefined : byDefinition?.key;
  // Content tells all about an input that was made anew; its key, which the other inputs are known by, tells nothing.
  const stale =
    state.forced || parents.some((parent, index) => parent.renewed && !byContentAlone.includes(index));
  const record = stale ? undefined : await ask(state, "content", byContent, keying.options);
  if (record !== undefined && alias !== undefined) cache.alias(alias, record.key);
  return { canonical: byContent, alias, record, renewed: stale || isExpired(state) };
}

/** Whether a result is there, or costs nothing to make. */
function isAtHand(state: State, runner: SolveOptions["runner"]): boolean {
  for (let at: State | undefined = state; at !== undefined;) {
    if (at.keyed?.record !== undefined) return true;
    if (runner.resource(at.vertex) !== undefined) return false;
    const { op }: Vertex = at.vertex;
    at = "base" in op && op.base !== null ? at.inputs[op.base] : undefined;
  }
  return true;
}

async function ask(
  state: State,
  by: Lookup["by"],
  named: NamedKey | undefined,
  { cache, cacheTtl = Infinity }: SolveOptions,
): Promise<CacheRecord | undefined> {
  if (named === undefined) return undefined;
  const record = await cache.get(named.key);
  if (record === undefined) {
    state.lookups.push({ by, ...named, answer: "miss" });
    return undefined;
  }
  const { created } = record;
  const expired = Date.now() - created > cacheTtl;
  state.lookups.push({ by, ...named, answer: expired ? "expired" : "hit", created });
  return expired ? undefined : record;
}

/** What ran in the time before an expired record was made is to be seen by all that stands on it, as with `noCache`. */
function isExpired({ lookups }: State): boolean {
  return lookups.at(-1)?.answer === "expired";
}

/** It is to run whatever the cache has. */
export function isForced({ vertex }: State, { noCache }: Pick<SolveOptions, "noCache">): boolean {
  return typeof noCache === "boolean" ? noCache : noCache.has(vertex.id);
}
