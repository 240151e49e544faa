import { cacheKey } from "../cache/key.ts";
import type { CacheKey } from "../cache/types.ts";
import type { Json } from "../core/json.ts";

/** A key and what it is made of, readable. */
export interface NamedKey {
  readonly key: CacheKey;
  readonly inputs: Json;
}

type InputKeys = readonly (CacheKey | undefined)[];

/** Known before anything ran: the op and its inputs' keys. Undefined where the op or an input has none. */
export function definitionKey(definition: Json | undefined, inputs: InputKeys): NamedKey | undefined {
  if (definition === undefined || !allKnown(inputs)) return undefined;
  return named({ by: "definition", op: definition, inputs });
}

/** Known once the content inputs are there: the op, what it takes from them, and the keys of the other inputs. */
export function contentKey(
  definition: Json,
  content: Json,
  contentInputs: readonly number[],
  inputs: InputKeys,
): NamedKey | undefined {
  const others = inputs.map((key, index) => (contentInputs.includes(index) ? null : key));
  if (!allKnown(others)) return undefined;
  return named({ by: "content", op: definition, content, inputs: others });
}

function named(inputs: Json): NamedKey {
  return { key: cacheKey(inputs), inputs };
}

function allKnown<T>(keys: readonly (T | undefined)[]): keys is readonly T[] {
  return keys.every((key) => key !== undefined);
}
