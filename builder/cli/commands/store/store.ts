import type { CheckResult, Problem } from "../../../space/types.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild store check`. */
export const storeCommand = command({
  name: "store",
  usage: "store check [OPTIONS]",
  summary: "Verify every blob, layer, record and name of the store",
  flags: {
    repair: { doc: "Drop what is broken, and what depends on it" },
    format: { value: "FORMAT", doc: "Print text or json", default: "text" },
  },
  operands: { min: 1, max: 1, name: "check", first: ["check"] },
  examples: [
    ["tsbuild store check", "reads everything; exit status 1 when something is broken"],
    ["tsbuild store check --repair", "drops what is broken: it is built or pulled again when it is needed"],
  ],
  async execute(flags, [verb = ""], session) {
    const { format = "text", repair } = flags;
    if (verb !== "check") throw usageError("store", `Cannot run store ${verb}: it is not "check"`);
    if (format !== "text" && format !== "json")
      throw usageError("store", `Cannot use --format ${format}: it is none of text, json`);
    const result = await withStore(session, (tsbuild) => tsbuild.checkStore(repair, session.signal));
    session.io.stdout.write(
      format === "json" ? `${JSON.stringify(result, undefined, 2)}\n` : checkText(result, repair),
    );
    return result.problems.length === 0 || result.repaired ? 0 : 1;
  },
});

/** The result in words. */
export function checkText({ problems, repaired }: CheckResult, repair: boolean): string {
  if (problems.length === 0) return "The store is in order\n";
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const end = repaired
    ? `${count}: what was broken is gone`
    : repair
      ? `${count}: not all of them could be repaired`
      : `${count}: tsbuild store check --repair drops what is broken`;
  return `${problems.map(problemLine).join("")}${end}\n`;
}

function problemLine({ kind, id, problem }: Problem): string {
  return `${kind} ${id}: ${problem}\n`;
}
