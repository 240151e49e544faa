import type { Container } from "../../../api/container-types.ts";
import { TsbuildError } from "../../../core/errors.ts";

/** Filters that hold containers against another one: before= and since=; `others` are all the rest. */
export function nearFilters(texts: readonly string[]): {
  readonly near: (all: readonly Container[]) => (container: Container) => boolean;
  readonly others: readonly string[];
} {
  const wanted = texts.map((text) => /^(before|since)=(.+)$/s.exec(text));
  return {
    others: texts.filter((_, index) => wanted[index] === null),
    near(all) {
      const bounds = wanted.flatMap((match) => {
        if (match === null) return [];
        const [, key = "", name = ""] = match;
        return [{ before: key === "before", created: madeAt(all, name) }];
      });
      return ({ record }) =>
        bounds.every(({ before, created }) => (before ? record.created < created : record.created > created));
    },
  };
}

function madeAt(all: readonly Container[], name: string): string {
  const found =
    all.find(({ record }) => record.id === name || record.name === name) ??
    all.find(({ record }) => name.length > 2 && record.id.startsWith(name));
  if (found !== undefined) return found.record.created;
  throw new TsbuildError(
    "CONTAINER_NOT_FOUND",
    `Cannot list containers beside "${name}": the store has no container of this name or id`,
    { hint: "tsbuild ps -a lists what is there" },
  );
}
