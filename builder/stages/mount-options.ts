import { didYouMean } from "../core/suggest.ts";
import { parseCsv } from "./csv.ts";

const MOUNT_TYPES = ["bind", "cache", "tmpfs", "secret", "ssh"] as const;
const SHARING = ["shared", "private", "locked"] as const;

type MountType = (typeof MOUNT_TYPES)[number];

/** RUN --mount as it is written: what no key said is undefined. */
export interface MountOptions {
  readonly type: MountType;
  readonly from?: string;
  readonly source?: string;
  readonly target?: string;
  readonly readonly?: boolean;
  readonly id?: string;
  readonly sharing?: (typeof SHARING)[number];
  readonly required?: boolean;
  readonly env?: string;
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** What is wrong with a mount, and what to write instead. */
export class MountError extends Error {
  readonly fix: string | undefined;

  constructor(message: string, fix?: string) {
    super(message);
    this.fix = fix;
  }
}

type Draft = { -readonly [K in keyof MountOptions]: MountOptions[K] };
type Setter = (draft: Draft, value: string, key: string) => void;

const SETTERS: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ["type", (draft, value) => (draft.type = oneOf(value, MOUNT_TYPES, "mount type"))],
  ["from", (draft, value) => (draft.from = value)],
  ["source", (draft, value) => (draft.source = value)],
  ["target", (draft, value) => (draft.target = value)],
  ["readonly", (draft, value, key) => (draft.readonly = boolean(value, key))],
  ["readwrite", (draft, value, key) => (draft.readonly = !boolean(value, key))],
  ["id", (draft, value) => (draft.id = value)],
  ["sharing", (draft, value) => (draft.sharing = oneOf(value, SHARING, "sharing"))],
  ["required", (draft, value, key) => (draft.required = boolean(value, key))],
  ["env", (draft, value) => (draft.env = value)],
  ["size", (draft, value) => (draft.size = size(value))],
  ["mode", (draft, value) => (draft.mode = number(value, 8, "mode"))],
  ["uid", (draft, value) => (draft.uid = number(value, 10, "uid"))],
  ["gid", (draft, value) => (draft.gid = number(value, 10, "gid"))],
]);

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["src", "source"],
  ["dst", "target"],
  ["destination", "target"],
  ["ro", "readonly"],
  ["rw", "readwrite"],
]);

/** Keys that may stand without a value, and then mean true. */
const FLAGS = new Set(["readonly", "readwrite", "required"]);

/** Which keys a type takes (BuildKit instructions/commands_runmount.go validateMount). */
const KEYS: Readonly<Record<MountType, readonly string[]>> = {
  bind: ["from", "source", "target", "readonly", "readwrite"],
  cache: ["from", "source", "target", "readonly", "readwrite", "id", "sharing", "mode", "uid", "gid"],
  tmpfs: ["target", "size", "readwrite", "from"],
  secret: ["id", "source", "target", "env", "required", "mode", "uid", "gid", "readonly"],
  ssh: ["id", "target", "required", "mode", "uid", "gid", "readonly"],
};

/** Reads the value of --mount; `expand` turns every value but `from` into what it means. */
export function parseMount(text: string, expand: (value: string) => string): MountOptions {
  const fields = parseCsv(text);
  if ("wrong" in fields) throw new MountError(fields.wrong);
  const draft: Draft = { type: "bind" };
  const used = new Set<string>();
  for (const field of fields) {
    const equals = field.indexOf("=");
    const written = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const key = ALIASES.get(written) ?? written;
    const setter = SETTERS.get(key);
    if (setter === undefined) {
      const names = [...SETTERS.keys(), ...ALIASES.keys()];
      throw new MountError(`"${written}" is not an option of a mount`, didYouMean(written, names));
    }
    if (equals < 0 && !FLAGS.has(key))
      throw new MountError(`"${written}" has no value`, `write ${written}=VALUE`);
    const value = equals < 0 ? "true" : field.slice(equals + 1);
    setter(draft, key === "from" ? value : expand(value), written);
    if (key !== "type") used.add(key);
  }
  for (const key of used) {
    if (KEYS[draft.type].includes(key)) continue;
    const fix = `it takes ${KEYS[draft.type].join(", ")}`;
    throw new MountError(`"${key}" is not an option of a ${draft.type} mount`, fix);
  }
  return draft;
}

/** The `from` of a mount before anything is expanded: what the stage depends on. Undefined where none is needed. */
export function mountFrom(text: string): string | undefined {
  if (!/from=/i.test(text)) return undefined;
  const fields = parseCsv(text);
  if ("wrong" in fields) return undefined;
  if (fields.some((field) => /^type=tmpfs$/i.test(field))) return undefined;
  return fields.findLast((field) => /^from=/i.test(field))?.slice("from=".length);
}

function oneOf<T extends string>(value: string, names: readonly T[], what: string): T {
  const found = names.find((name) => name === value.toLowerCase());
  if (found !== undefined) return found;
  throw new MountError(
    `"${value}" is not a ${what}`,
    didYouMean(value, names) ?? `write one of ${names.join(", ")}`,
  );
}

/** Go's strconv.ParseBool. */
function boolean(value: string, key: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw new MountError(`"${key}=${value}" is neither true nor false`);
}

function number(value: string, base: 8 | 10, key: string): number {
  const result = (base === 8 ? /^[0-7]{1,11}$/ : /^\d{1,10}$/).test(value)
    ? Number.parseInt(value, base)
    : Infinity;
  if (result <= 0xffff_ffff) return result;
  throw new MountError(`"${key}=${value}" is not ${base === 8 ? "an octal" : "a"} number of 32 bits`);
}

const UNITS = "bkmgtp";

/** docker/go-units RAMInBytes: `64m`, `1.5 GiB`, every unit a power of 1024. */
function size(value: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,15})?) ?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(value);
  if (match === null) throw new MountError(`"size=${value}" is not a size`, "write for example size=64m");
  return Math.floor(Number(match[1]) * 1024 ** UNITS.indexOf((match[2] ?? "b").toLowerCase()));
}
