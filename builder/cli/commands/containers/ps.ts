import type { Container } from "../../../api/container-types.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { formatRows } from "../../format-rows.ts";
import { withStore } from "../../with-tsbuild.ts";
import { containerFilter } from "./ps-filter.ts";
import { nearFilters } from "./ps-near.ts";
import { containerRow, type ContainerRow } from "./ps-row.ts";

/** `tsbuild ps`. */
export const psCommand = command({
  name: "ps",
  usage: "ps [OPTIONS]",
  summary: "List containers",
  flags: {
    all: { short: "a", doc: "Show those too that do not run" },
    quiet: { short: "q", doc: "Print the ids and nothing else" },
    "no-trunc": { doc: "Show whole ids and commands" },
    latest: { short: "l", doc: "Show the one that was made last" },
    last: { short: "n", value: "COUNT", doc: "Show so many that were made last" },
    filter: {
      short: "f",
      value: "KEY=VALUE",
      repeat: true,
      doc: "Only some: name, id, status, label, ancestor, exited, network, publish, volume, before, since",
    },
    format: { value: "FORMAT", doc: "Print json for a line of JSON each, or a template like {{.Names}}" },
  },
  missing: { "size|s": "tsbuild du lists what containers take" },
  operands: { min: 0, max: 0, name: "" },
  examples: [
    ["tsbuild ps -a", "lists all containers"],
    ["tsbuild ps -q --filter label=app=web", "prints the ids of some"],
  ],
  async execute(flags, _operands, session) {
    const { near, others } = nearFilters(flags.filter);
    const filter = containerFilter(others);
    const count = flags.latest ? 1 : flags.last === undefined ? undefined : lastCount(flags.last);
    const all = await withStore(session, (tsbuild) => tsbuild.containers.list());
    const shown = all
      .filter(
        ({ state }) =>
          flags.all || count !== undefined || filter.any || ["running", "restarting"].includes(state.status),
      )
      .filter(filter.matches)
      .filter(near(all))
      .slice(0, count);
    session.io.stdout.write(listing(shown, flags, Date.now()));
    return 0;
  },
});

interface Listing {
  readonly quiet: boolean;
  readonly "no-trunc": boolean;
  readonly format: string | undefined;
}

/** The containers as text. */
export function listing(containers: readonly Container[], flags: Listing, now: number): string {
  const rows = containers.map((container) => containerRow(container, flags["no-trunc"], now));
  if (flags.quiet) return rows.map(({ ID }) => `${ID}\n`).join("");
  return formatRows("ps", flags.format ?? "table", rows, { header: HEADER, columns: COLUMNS.join("\t") });
}

const COLUMNS = [
  "{{.ID}}",
  "{{.Image}}",
  "{{.Command}}",
  "{{.RunningFor}}",
  "{{.Status}}",
  "{{.Ports}}",
  "{{.Names}}",
];

const HEADER: ContainerRow = {
  Command: "COMMAND",
  CreatedAt: "CREATED AT",
  ID: "CONTAINER ID",
  Image: "IMAGE",
  Labels: "LABELS",
  Mounts: "MOUNTS",
  Names: "NAMES",
  Networks: "NETWORKS",
  Ports: "PORTS",
  RunningFor: "CREATED",
  State: "STATE",
  Status: "STATUS",
};

function lastCount(text: string): number | undefined {
  if (text === "-1") return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw usageError("ps", `Cannot use --last ${text}: it is no number`);
}
