import type { ImageSummary } from "../../../api/image-types.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { familiarName, splitName } from "../../familiar.ts";
import { usageError } from "../../flags.ts";

const KEYS = ["reference", "dangling", "before", "since"] as const;

type Keep = (image: ImageSummary) => boolean;

/** --filter of `docker images`: values of one key are alternatives, all keys must hold. */
export function imageFilter(texts: readonly string[], all: readonly ImageSummary[]): Keep {
  const byKey = new Map<string, Keep[]>();
  for (const text of texts) {
    const equals = text.indexOf("=");
    const key = text.slice(0, Math.max(equals, 0));
    byKey.set(key, [...(byKey.get(key) ?? []), filterOf(text, key, text.slice(equals + 1), all)]);
  }
  return (image) => [...byKey.values()].every((keeps) => keeps.some((keep) => keep(image)));
}

function filterOf(text: string, key: string, value: string, all: readonly ImageSummary[]): Keep {
  switch (key) {
    case "reference": {
      const pattern = globOf(value);
      return ({ name }) => {
        const familiar = familiarName(name);
        return pattern.test(familiar) || pattern.test(splitName(familiar).repository);
      };
    }
    case "dangling": {
      if (value !== "true" && value !== "false")
        throw usageError("images", `Cannot use --filter ${text}: it is neither true nor false`);
      return ({ name }) => (name === "<none>" || name.includes("@")) === (value === "true");
    }
    case "before":
    case "since": {
      const other = all.find(({ name, id }) =>
        [name, familiarName(name), familiarName(name).replace(/:latest$/, ""), id].includes(value),
      );
      if (other === undefined)
        throw usageError("images", `Cannot use --filter ${text}: there is no such image`);
      return (image) => (key === "before" ? timeOf(image) < timeOf(other) : timeOf(image) > timeOf(other));
    }
    default:
      throw usageError(
        "images",
        `Cannot use --filter ${text}: it is none of ${KEYS.map((one) => `${one}=`).join(", ")}`,
        didYouMean(key, KEYS),
      );
  }
}

function timeOf({ created }: ImageSummary): number {
  return Date.parse(created ?? "");
}

/** Go's path.Match, as docker reads it: no wildcard passes a slash. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\[\]]/g, "\\$&")
    .replace(/\*+/g, "[^/]*")
    .replace(/\?/g, "[^/]");
  return new RegExp(`^${source}$`);
}
