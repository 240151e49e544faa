import type { CacheFrom, CacheMode, CacheTo } from "../../../cache/types.ts";
import { isDigest } from "../../../core/digest.ts";
import { parseDuration } from "../../../dockerfile/duration.ts";
import { TsbuildError } from "../../../core/errors.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { parseReference } from "../../../image/reference.ts";
import { csvPairs } from "../../csv.ts";
import { usageError } from "../../flags.ts";
import { layerCompression } from "./layer-compression.ts";

/** More than this is no patience but a mistake, and than 2^31 ms no timer of Node's. */
const MAX_PATIENCE_MS = 24 * 60 * 60 * 1000;
/** Kinds of BuildKit's caches that live in somebody's service. */
const SERVICES = new Set(["gha", "s3", "azblob"]);
/** As in buildx; what is taken of these values is what they are by default there. */
const SHAPE = ["oci-mediatypes", "image-manifest"];
const WRITING = ["mode", "compression", "compression-level", "force-compression", "ignore-error", ...SHAPE];
const KNOWN = {
  "--cache-from": { registry: ["ref", "timeout"], local: ["src", "tag", "digest"], inline: undefined },
  "--cache-to": {
    registry: ["ref", "timeout", ...WRITING],
    local: ["dest", "tag", "reset", ...WRITING],
    inline: [],
  },
} as const;

type Flag = keyof typeof KNOWN;

/** One value of a flag, taken apart. */
interface Attributes {
  readonly type: "registry" | "local" | "inline";
  get(key: string): string | undefined;
  /** The value of a key that must be there. */
  need(key: string, example: string): string;
  flag(key: string, unset: boolean): boolean;
  refuse(state: string, hint?: string): TsbuildError;
}

/** One --cache-from: `type=…` and its attributes, or the name of an image or a cache in a registry. */
export function parseCacheFrom(text: string): CacheFrom {
  if (!text.includes("=")) return { type: "registry", ref: reference(text) };
  const { type, get, need, refuse } = attributes("--cache-from", text);
  if (type !== "local") {
    const ref = reference(need("ref", "type=registry,ref=NAME"));
    return { type: "registry", ref, ...patience(get("timeout"), refuse) };
  }
  const digest = get("digest");
  if (digest !== undefined && !isDigest(digest)) throw refuse(`"${digest}" is no digest`);
  const src = need("src", "type=local,src=DIRECTORY");
  return { type, src, tag: get("tag") ?? "latest", ...(digest === undefined ? {} : { digest }) };
}

/** One --cache-to; a name alone is a cache in a registry, as with buildx. */
export function parseCacheTo(text: string): CacheTo {
  const { type, get, need, flag, refuse } = attributes(
    "--cache-to",
    text.includes("=") ? text : `type=registry,ref=${text}`,
  );
  if (type === "inline") return { type };
  for (const key of SHAPE) {
    if (flag(key, true)) continue;
    throw new TsbuildError(
      "UNSUPPORTED",
      `Cannot use --cache-to ${text}: a cache is always an OCI image manifest`,
      {
        hint: `leave ${key} out`,
      },
    );
  }
  const common = {
    mode: oneOf<CacheMode>(get("mode") ?? "min", ["min", "max"], refuse),
    ...layerCompression({
      take: get,
      flag: (key) => (get(key) === undefined ? undefined : flag(key, false)),
      oneOf: (key, values) => {
        const value = get(key);
        return value === undefined ? undefined : oneOf(value, values, refuse);
      },
      error: refuse,
    }),
    ignoreError: flag("ignore-error", true),
  };
  if (type === "registry") {
    const ref = reference(need("ref", "type=registry,ref=NAME"));
    return { type, ref, ...patience(get("timeout"), refuse), ...common };
  }
  const dest = need("dest", "type=local,dest=DIRECTORY");
  return { type, dest, tag: get("tag") ?? "latest", reset: flag("reset", false), ...common };
}

function attributes(flag: Flag, text: string): Attributes {
  const refuse = (state: string, hint?: string): TsbuildError =>
    usageError("build", `Cannot use ${flag} ${text}: ${state}`, hint);
  const pairs = csvPairs(text);
  const type = pairs.get("type");
  const types = Object.entries(KNOWN[flag]).flatMap(([name, keys]) => (keys === undefined ? [] : [name]));
  if (type === undefined) throw refuse("type is missing", `write type=${types.join("|")}`);
  if (SERVICES.has(type)) {
    throw new TsbuildError(
      "UNSUPPORTED",
      `Cannot use ${flag} ${text}: tsbuild has no cache of type ${type}`,
      {
        hint: "use type=registry, or carry the store between jobs with tsbuild cache save and tsbuild cache restore",
      },
    );
  }
  const known = (KNOWN[flag] as Readonly<Record<string, readonly string[] | undefined>>)[type];
  if (known === undefined)
    throw refuse(`type "${type}" is none of ${types.join(", ")}`, didYouMean(type, types));
  for (const key of pairs.keys()) {
    if (key !== "type" && !known.includes(key)) throw refuse(`"${key}" is not known`, didYouMean(key, known));
  }
  return {
    type: type as Attributes["type"],
    refuse,
    get: (key) => pairs.get(key),
    need(key, example) {
      const value = pairs.get(key);
      if (value) return value;
      throw refuse(`${key} is missing`, `write ${example}`);
    },
    flag(key, unset) {
      const value = pairs.get(key);
      if (value === undefined) return unset;
      // As Go's strconv.ParseBool.
      if (/^(1|t|true)$/i.test(value)) return true;
      if (/^(0|f|false)$/i.test(value)) return false;
      throw refuse(`${key} is neither true nor false`);
    },
  };
}

function oneOf<T extends string>(value: string, choices: readonly T[], refuse: Attributes["refuse"]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw refuse(`"${value}" is none of ${choices.join(", ")}`, didYouMean(value, choices));
}

/** How long a registry may be silent, as Go reads durations. */
function patience(text: string | undefined, refuse: Attributes["refuse"]): { readonly timeoutMs?: number } {
  if (text === undefined) return {};
  const timeoutMs = (parseDuration(text) ?? 0) / 1e6;
  if (timeoutMs >= 1 && timeoutMs <= MAX_PATIENCE_MS) return { timeoutMs };
  throw refuse("its timeout is no time from 1ms to 24h", "write timeout=30s");
}

/** Wrong names are told of at once, not when the build is done. */
function reference(text: string): string {
  parseReference(text);
  return text;
}
