import { wrap } from "../progress/wrap.ts";
import { COMMON_FLAGS } from "./flags.ts";
import type { CommandSpec, Flag, FlagTable } from "./types.ts";

const MAX_WIDTH = 100;
const MIN_WIDTH = 40;

/** `tsbuild --help`. */
export function generalHelp(
  commands: readonly { readonly name: string; readonly group: string; readonly summary: string }[],
  columns: number,
): string {
  const width = widthFor(columns);
  const left = Math.max(...commands.map(({ name }) => name.length));
  const groups = [...new Set(commands.map(({ group }) => group))].flatMap((title) => {
    const rows = commands.filter(({ group }) => group === title);
    return [
      `${title}:`,
      ...columnsOf(
        rows.map(({ name, summary }) => [name.padEnd(left), summary] as const),
        width,
      ),
      "",
    ];
  });
  return [
    "Turns a Dockerfile into an OCI image: no daemon, nothing to configure",
    "",
    "Usage:",
    "  tsbuild [build] [OPTIONS] PATH",
    "  tsbuild COMMAND [OPTIONS] [ARGUMENTS]",
    "",
    ...groups,
    "Options:",
    ...columnsOf(
      [
        ["-h, --help", "Show this help"],
        ["-v, --version", "Show the version"],
      ],
      width,
    ),
    "",
    "Examples:",
    ...examples([
      ["tsbuild -t app .", "builds the Dockerfile of this directory"],
      ["tsbuild run --rm app", "runs the result"],
      ["tsbuild help build", "shows what a build can do"],
    ]),
    "",
  ].join("\n");
}

/** `tsbuild COMMAND --help`: from the same table that the parser works by. */
export function commandHelp(
  spec: Pick<CommandSpec<FlagTable>, "name" | "usage" | "summary" | "flags" | "borrows" | "examples">,
  columns: number,
): string {
  const width = widthFor(columns);
  const groups = new Map<string, (readonly [string, string])[]>();
  const { borrows } = spec;
  const own = Object.entries(spec.flags).filter(([name, flag]) => borrows?.flags[name] !== flag);
  const flags: FlagTable = { ...Object.fromEntries(own), ...COMMON_FLAGS };
  const taken = Object.values(spec.flags).some((flag) => flag.short === "h");
  for (const [name, flag] of Object.entries(flags)) {
    const group = flag.group ?? "Options";
    const shown = name === "help" && !taken ? { ...flag, short: "h" } : flag;
    groups.set(group, [...(groups.get(group) ?? []), [flagName(name, shown), flagDoc(flag)]]);
  }
  return [
    spec.summary,
    "",
    "Usage:",
    ...spec.usage.split("\n").map((form) => `  tsbuild ${form}`),
    ...[...groups].flatMap(([group, rows]) => ["", `${group}:`, ...columnsOf(rows, width)]),
    ...(borrows === undefined
      ? []
      : [
          "",
          ...wrap(`It takes the flags of tsbuild ${borrows.name} too: tsbuild help ${borrows.name}`, width),
        ]),
    ...(spec.examples.length === 0 ? [] : ["", "Examples:", ...examples(spec.examples)]),
    "",
  ].join("\n");
}

function flagName(name: string, flag: Flag): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  if (flag.value === undefined) return `${short}--${name}`;
  return flag.bare === undefined ? `${short}--${name} ${flag.value}` : `${short}--${name}[=${flag.value}]`;
}

/** What a flag does, and how it may be given. */
export function flagDoc(flag: Flag): string {
  const notes = [
    ...(flag.repeat ? ["may be repeated"] : []),
    ...(flag.bare === undefined ? [] : [`without a value: ${flag.bare}`]),
    ...(flag.default === undefined ? [] : [`default: ${flag.default}`]),
  ];
  return notes.length === 0 ? flag.doc : `${flag.doc} (${notes.join("; ")})`;
}

function examples(lines: readonly (readonly [string, string])[]): string[] {
  return lines.flatMap(([line, does]) => [`  ${line}`, `      ${does}`]);
}

function widthFor(columns: number): number {
  return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, columns));
}

/** Two columns; where the first is too wide the second begins below it. */
function columnsOf(rows: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.min(Math.max(...rows.map(([name]) => name.length)), Math.floor(width * 0.4));
  const indent = " ".repeat(left + 4);
  return rows.flatMap(([name, doc]) => {
    const [first = "", ...more] = wrap(doc, Math.max(20, width - left - 4));
    const rest = more.map((line) => indent + line);
    return name.length > left
      ? [`  ${name}`, indent + first, ...rest]
      : [`  ${name.padEnd(left)}  ${first}`, ...rest];
  });
}
