/** Lists and maps that docker has as null in JSON, where nothing is said. */
export const NO_LIST: readonly unknown[] = [];
export const NO_MAP: object = {};

type Function = (...values: readonly unknown[]) => unknown;

/** Functions of templates: Go's own that docker's users write, and those that docker adds (docker/cli templates). */
export const FUNCTIONS: ReadonlyMap<string, Function> = new Map<string, Function>([
  ["json", (value) => (value === NO_LIST || value === NO_MAP ? "null" : JSON.stringify(value ?? null))],
  [
    "len",
    (value) => (typeof value === "string" ? Buffer.byteLength(value) : Object.keys(Object(value)).length),
  ],
  ["index", (value, ...keys) => keys.reduce<unknown>(at, value)],
  ["join", (list, separator) => (Array.isArray(list) ? list.map(show).join(show(separator)) : show(list))],
  ["split", (text, separator) => show(text).split(show(separator))],
  ["lower", (text) => show(text).toLowerCase()],
  ["upper", (text) => show(text).toUpperCase()],
  ["title", (text) => show(text).replace(/(^|\s)\S/g, (letter) => letter.toUpperCase())],
  ["truncate", (text, length) => show(text).slice(0, Number(length))],
  ["print", (...values) => values.map(show).join("")],
  ["println", (...values) => `${values.map(show).join(" ")}\n`],
  ["printf", (format, ...values) => printf(show(format), values)],
  ["eq", (first, ...others) => others.some((other) => show(first) === show(other))],
  ["ne", (a, b) => show(a) !== show(b)],
  ["lt", (a, b) => Number(a) < Number(b)],
  ["le", (a, b) => Number(a) <= Number(b)],
  ["gt", (a, b) => Number(a) > Number(b)],
  ["ge", (a, b) => Number(a) >= Number(b)],
  ["not", (value) => !holds(value)],
  ["and", (...values) => values.find((value) => !holds(value)) ?? values.at(-1)],
  ["or", (...values) => values.find(holds) ?? values.at(-1)],
]);

/** A value as Go prints it. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return "<no value>";
  if (Array.isArray(value)) return `[${value.map(show).join(" ")}]`;
  if (typeof value !== "object") return String(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([key, member]) => `${key}:${show(member)}`).join(" ")}]`;
}

/** Whether an if is taken: what is empty or zero is false. */
export function holds(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function at(value: unknown, key: unknown): unknown {
  const name = String(key);
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return "";
  return (value as Readonly<Record<string, unknown>>)[name];
}

function printf(format: string, values: readonly unknown[]): string {
  let next = 0;
  return format.replace(/%(-?)(\d*)([svdq%])/g, (_all, left: string, width: string, verb: string) => {
    if (verb === "%") return "%";
    const value = values[next++];
    const text = verb === "q" ? JSON.stringify(show(value)) : show(value);
    return left === "" ? text.padStart(Number(width)) : text.padEnd(Number(width));
  });
}
