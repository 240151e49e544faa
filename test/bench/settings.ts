import { parseArgs } from "node:util";

export interface Settings {
  readonly rounds: number;
  /** Names of the rows to measure. */
  readonly rows: readonly string[];
  /** File for the results as JSON. */
  readonly json: string | undefined;
  readonly peers: boolean;
  readonly markdown: boolean;
}

/** Reads the command line; ends the process where it makes no sense. */
export function readSettings(argv: readonly string[], names: readonly string[]): Settings {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        rounds: { type: "string", default: "5" },
        only: { type: "string", multiple: true, default: [] },
        json: { type: "string" },
        "no-peers": { type: "boolean", default: false },
        markdown: { type: "boolean", default: false },
      },
    });
    const rounds = Number(values.rounds);
    if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error("--rounds is no number above 0");
    const { only } = values;
    const rows =
      only.length === 0 ? names : names.filter((name) => only.some((part) => isMeant(name, part, names)));
    if (rows.length === 0) throw new Error(`--only ${only.join(" ")} fits none of ${names.join(", ")}`);
    return { rounds, rows, json: values.json, peers: !values["no-peers"], markdown: values.markdown };
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}

/** A whole name means that row alone, a part of one every row that has it: `pull` is not `memory-pull`. */
function isMeant(name: string, part: string, names: readonly string[]): boolean {
  return names.includes(part) ? name === part : name.includes(part);
}
