import { TsbuildError } from "../../../core/errors.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { csvPairs } from "../../csv.ts";
import { usageError } from "../../flags.ts";

/** Attributes that buildx has and that would change what is written: to ignore one would be to write something else. */
const UNSUPPORTED: Readonly<Record<string, string | undefined>> = {
  "source-date-epoch":
    "one time holds for the whole build: give SOURCE_DATE_EPOCH as a --build-arg, or in the environment",
  "attestation-prefix": "what --attest states goes with images alone: to the store, to registries",
  "registry.insecure": 'write insecure = true below [registry."HOST"] in the configuration',
  "prefer-nondist-layers": "whoever has the bytes of a layer may send them: it gets its plain media type",
  "nydus-fs-version": undefined,
};

/** The attributes of one --output; each is taken once, and what was not taken is an error. */
export class OutputAttributes {
  readonly #text: string;
  readonly #pairs: Map<string, string>;
  readonly #known: string[] = [];

  constructor(text: string) {
    this.#text = text;
    this.#pairs = csvPairs(text);
  }

  take(key: string): string | undefined {
    this.#known.push(key);
    const value = this.#pairs.get(key);
    this.#pairs.delete(key);
    return value;
  }

  /** Go's strconv.ParseBool; without a value true. */
  flag(key: string): boolean | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    if (["", "1", "t", "true"].includes(value.toLowerCase())) return true;
    if (["0", "f", "false"].includes(value.toLowerCase())) return false;
    throw this.error(`${key}=${value} is neither true nor false`);
  }

  /** An attribute that has one answer here; another one would be to write something else. */
  settled(key: string, only: boolean, hint: string): void {
    const value = this.flag(key);
    if (value === undefined || value === only) return;
    throw unsupported(this.#text, `${key}=${value}`, hint);
  }

  /** `a,b` in quotes; nothing where it is not given. */
  list(key: string): readonly string[] {
    return (this.take(key) ?? "").split(",").filter((part) => part !== "");
  }

  oneOf<T extends string>(key: string, values: readonly T[]): T | undefined {
    const value = this.take(key);
    const found = values.find((one) => one === value);
    if (value === undefined || found !== undefined) return found;
    throw this.error(`${key}=${value} is none of ${values.join(", ")}`, didYouMean(value, values));
  }

  /** Those whose key begins so. */
  startingWith(prefix: RegExp): readonly (readonly [key: string, value: string])[] {
    const found = [...this.#pairs].filter(([key]) => prefix.test(key));
    for (const [key] of found) this.#pairs.delete(key);
    return found;
  }

  /** To be called when all that is known was taken. */
  end(): void {
    const [key] = this.#pairs.keys();
    if (key === undefined) return;
    if (Object.hasOwn(UNSUPPORTED, key)) throw unsupported(this.#text, key, UNSUPPORTED[key]);
    throw this.error(`"${key}" is not known`, didYouMean(key, this.#known));
  }

  error(state: string, hint?: string): TsbuildError {
    return usageError("build", `Cannot use --output ${this.#text}: ${state}`, hint);
  }
}

function unsupported(text: string, key: string, hint: string | undefined): TsbuildError {
  return new TsbuildError("UNSUPPORTED", `Cannot use --output ${text}: tsbuild does not support "${key}"`, {
    hint,
  });
}
