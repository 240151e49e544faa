import { isDigest, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { printable } from "../core/bytes.ts";
import { duplicateKey } from "../core/duplicate-key.ts";
import { parseJson } from "../core/json.ts";

/** OCI distribution-spec, "Pushing Manifests": registries take at least 4 MiB, and containerd reads no more. */
const MAX_DOCUMENT = 4 * 1024 * 1024;

/**
 * One object of an untrusted JSON document. Written by hand instead of with a schema library: a base image's config is
 * read in every fully cached build, where the library's import alone costs more than all of the reading, and a message
 * can name the place in the words of the image specification. As in Go's encoding/json, null is the same as absent.
 */
export class Fields {
  readonly #object: object;
  readonly #what: string;
  readonly #path: string;

  constructor(value: unknown, what: string, path = "") {
    this.#what = what;
    this.#path = path;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.invalid(path === "" ? "it is not a JSON object" : `"${path}" is not an object`);
    }
    this.#object = value;
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  string(key: string): string {
    return this.optionalString(key) ?? this.#missing(key);
  }

  optionalString(key: string): string | undefined {
    const value = this.#get(key);
    if (value === undefined || typeof value === "string") return value;
    throw this.#wrong(key, "a string");
  }

  optionalBoolean(key: string): boolean | undefined {
    const value = this.#get(key);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.#wrong(key, "a boolean");
  }

  optionalInteger(key: string): number | undefined {
    const value = this.#get(key);
    if (value === undefined || Number.isSafeInteger(value)) return value as number | undefined;
    throw this.#wrong(key, "an integer");
  }

  /** A size in bytes: negative ones would pass every "is it too large" that follows. */
  size(key: string): number {
    const value = this.optionalInteger(key) ?? this.#missing(key);
    if (value < 0) throw this.#wrong(key, "a size");
    return value;
  }

  digest(key: string): Digest {
    const value = this.string(key);
    if (isDigest(value)) return value;
    throw this.#wrong(key, "sha256: and 64 hex digits");
  }

  object(key: string): Fields {
    return this.optionalObject(key) ?? this.#missing(key);
  }

  optionalObject(key: string): Fields | undefined {
    const value = this.#get(key);
    return value === undefined ? undefined : new Fields(value, this.#what, this.#at(key));
  }

  objects(key: string): readonly Fields[] | undefined {
    return this.#array(key)?.map((item, index) => new Fields(item, this.#what, `${this.#at(key)}[${index}]`));
  }

  strings(key: string): readonly string[] | undefined {
    return this.#array(key)?.map((item) => {
      if (typeof item === "string") return item;
      throw this.#wrong(key, "a list of strings");
    });
  }

  integers(key: string): readonly number[] | undefined {
    return this.#array(key)?.map((item) => {
      if (Number.isSafeInteger(item)) return item as number;
      throw this.#wrong(key, "a list of integers");
    });
  }

  digests(key: string): readonly Digest[] | undefined {
    return this.strings(key)?.map((item) => {
      if (isDigest(item)) return item;
      throw this.#wrong(key, "a list of digests");
    });
  }

  /** Any value, as it was parsed; null where there is none. */
  any(key: string): unknown {
    return this.#get(key) ?? null;
  }

  /** A map of strings, without a prototype: its keys are the image's. */
  stringMap(key: string): Readonly<Record<string, string>> | undefined {
    return this.optionalObject(key)?.mapValues((fields, name) => fields.optionalString(name) ?? "");
  }

  /** A set as Go writes it: `{"80/tcp": {}}`. */
  set(key: string): Readonly<Record<string, Readonly<Record<string, never>>>> | undefined {
    return this.optionalObject(key)?.mapValues(() => ({}));
  }

  mapValues<T>(value: (fields: Fields, key: string) => T): Readonly<Record<string, T>> {
    const map = Object.create(null) as Record<string, T>;
    for (const key of Object.keys(this.#object)) map[key] = value(this, key);
    return map;
  }

  invalid(state: string): TsbuildError {
    return new TsbuildError("IMAGE_INVALID", `Cannot read ${this.#what}: ${state}`);
  }

  #array(key: string): readonly unknown[] | undefined {
    const value = this.#get(key);
    if (value === undefined || Array.isArray(value)) return value;
    throw this.#wrong(key, "a list");
  }

  #get(key: string): unknown {
    // Own properties alone: "constructor" must not find what Object.prototype has.
    return Object.hasOwn(this.#object, key)
      ? ((this.#object as Readonly<Record<string, unknown>>)[key] ?? undefined)
      : undefined;
  }

  #at(key: string): string {
    return printable(this.#path === "" ? key : `${this.#path}.${key}`);
  }

  #missing(key: string): never {
    throw this.invalid(`"${this.#at(key)}" is missing`);
  }

  #wrong(key: string, wanted: string): TsbuildError {
    return this.invalid(`"${this.#at(key)}" is not ${wanted}`);
  }
}

/** The top object of an untrusted document, once its size is known to be sane. */
export function readDocument(raw: Buffer, what: string): Fields {
  if (raw.length > MAX_DOCUMENT) {
    throw new TsbuildError(
      "IMAGE_INVALID",
      `Cannot read ${what}: it has ${raw.length} bytes, more than the ${MAX_DOCUMENT} that are allowed`,
    );
  }
  const fields = new Fields(parseJson(raw, what), what);
  const twice = duplicateKey(raw.toString("utf8"));
  if (twice !== undefined)
    throw fields.invalid(`it has "${printable(twice.slice(0, 120))}" twice, so it is ambiguous`);
  return fields;
}
