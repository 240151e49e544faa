import type { Container } from "../../../api/container-types.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { usageError } from "../../flags.ts";
import { stateName } from "./ps-row.ts";

type Match = (container: Container, value: string) => boolean;

const STATES = ["created", "running", "paused", "restarting", "exited", "dead"];
/** docker knows it, and no container of tsbuild is in it. */
const OTHER_STATE = "removing";

const FILTERS: Readonly<Record<string, Match>> = {
  name: ({ record }, value) => isNamed(record.name, value),
  id: ({ record }, value) => record.id.startsWith(value),
  status: ({ state }, value) => stateName(state) === value,
  network: ({ record }, value) => record.network === value,
  publish: ({ record }, value) => record.ports.some((port) => isPort(port, value)),
  volume: ({ record }, value) =>
    record.volumes.some((volume) => volume.split(":").slice(0, 2).includes(value)) ||
    record.mounts.includes(value),
  ancestor: ({ record }, value) =>
    [record.image, record.image.replace(/:latest$/, ""), `${record.image}:latest`].includes(value) ||
    (record.imageId !== undefined &&
      record.imageId.replace("sha256:", "").startsWith(value.replace("sha256:", ""))),
  exited: ({ state }, value) => state.status === "exited" && String(state.ending.code) === value,
  label: ({ record }, value) => {
    const [name = ""] = value.split("=", 1);
    const found = Object.hasOwn(record.config.Labels ?? {}, name) ? record.config.Labels?.[name] : undefined;
    return found !== undefined && (name === value || found === value.slice(name.length + 1));
  },
};

/** With those of ps-near.ts. */
const KEYS = [...Object.keys(FILTERS), "before", "since"];

/** Filters that look for containers that do not run. */
const OF_ALL = new Set(["status", "exited"]);

/** docker's filters: of one key any may hold, but all labels; of different keys all. */
export function containerFilter(texts: readonly string[]): {
  readonly matches: (container: Container) => boolean;
  /** Says of itself which states it wants. */
  readonly any: boolean;
} {
  const wanted = new Map<string, string[]>();
  for (const text of texts) {
    const [key = ""] = text.split("=", 1);
    if (!text.includes("=") || !Object.hasOwn(FILTERS, key)) {
      throw usageError(
        "ps",
        `Cannot use --filter ${text}: it is none of ${KEYS.join(", ")}`,
        didYouMean(key, KEYS) ?? "write KEY=VALUE",
      );
    }
    const value = text.slice(key.length + 1);
    if (key === "status" && ![...STATES, OTHER_STATE].includes(value)) {
      throw usageError("ps", `Cannot use --filter ${text}: it is none of ${STATES.join(", ")}`);
    }
    wanted.set(key, [...(wanted.get(key) ?? []), value]);
  }
  return {
    any: [...wanted.keys()].some((key) => OF_ALL.has(key)),
    matches: (container) =>
      [...wanted].every(([key, values]) => {
        const match = (value: string): boolean => FILTERS[key]?.(container, value) ?? false;
        return key === "label" ? values.every(match) : values.some(match);
      }),
  };
}

/** `8080->80/tcp`: docker's publish names the port of this machine, as 8080, 8080/tcp or a range 8000-9000. */
function isPort(port: string, wanted: string): boolean {
  const [, number, protocol] = /:(\d+)->\d+\/(\w+)$/.exec(port) ?? [];
  const [, from, to = from, of = "tcp"] = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp))?$/.exec(wanted) ?? [];
  return protocol === of && Number(number) >= Number(from) && Number(number) <= Number(to);
}

/** docker's names are patterns, of which people use `^name$`, `^/name$` and parts of names. */
function isNamed(name: string, pattern: string): boolean {
  const [, begins, text = "", ends] = /^(\^)?\/?(.*?)(\$)?$/s.exec(pattern) ?? [];
  if (begins !== undefined && ends !== undefined) return name === text;
  if (begins !== undefined) return name.startsWith(text);
  return ends === undefined ? name.includes(text) : name.endsWith(text);
}
