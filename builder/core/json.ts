import { TsbuildError, messageOf } from "./errors.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** JSON with sorted keys and no spaces: equal values give equal bytes, so that it can be hashed. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const object = value as { readonly [key: string]: Json | undefined };
  const keys = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] ?? null)}`).join(",")}}`;
}

/** Parses untrusted JSON: a clear error names what it was. */
export function parseJson(text: string | Buffer, what: string): unknown {
  try {
    return JSON.parse(typeof text === "string" ? text : text.toString("utf8")) as unknown;
  } catch (cause) {
    throw new TsbuildError("IMAGE_INVALID", `Cannot read ${what}: it is not JSON (${messageOf(cause)})`, {
      cause,
    });
  }
}
