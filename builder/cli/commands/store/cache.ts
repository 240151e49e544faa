import type { BundleReport } from "../../../cache/types.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { formatBytes } from "../../../core/units.ts";
import { byteSize } from "../../byte-size.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { withStore } from "../../with-tsbuild.ts";

const VERBS = ["save", "restore"] as const;

/** `tsbuild cache`. */
export const cacheCommand = command({
  name: "cache",
  usage: "cache save|restore [OPTIONS] FILE|DIR",
  summary: "Carry the cache and its cache mounts from one machine to another",
  flags: {
    "max-size": {
      value: "SIZE",
      doc: "Save no more than this, what was used last first",
      default: "everything",
    },
    quiet: { short: "q", doc: "Print nothing" },
  },
  operands: { min: 2, max: 2, name: "save or restore, and FILE or DIR", first: ["save", "restore"] },
  examples: [
    ["tsbuild cache save --max-size 5GB ci-cache", "writes what a directory does not have yet"],
    ["tsbuild cache restore ci-cache", "takes what the store does not have yet"],
    ["tsbuild cache save cache.tar", "writes all of it to one file"],
  ],
  async execute(flags, [verb = "", path = ""], session) {
    const known = VERBS.find((name) => name === verb);
    if (known === undefined) {
      throw usageError(
        "cache",
        `Cannot ${verb} the cache: there is save and restore`,
        didYouMean(verb, VERBS),
      );
    }
    const limit = flags["max-size"];
    if (limit !== undefined && known === "restore") {
      throw usageError("cache", "Cannot use --max-size with restore: it is for save", "leave it out");
    }
    if (path === "") throw usageError("cache", `Cannot ${known} the cache: the path is empty`);
    const maxSize = limit === undefined ? {} : { maxSize: byteSize("cache", "--max-size", limit) };
    const { signal, io } = session;
    const report = await withStore(session, (tsbuild, emit) => {
      const options = { signal, emit, ...maxSize };
      return known === "save" ? tsbuild.saveCache(path, options) : tsbuild.restoreCache(path, options);
    });
    if (!flags.quiet) io.stdout.write(`${describe(known, report, path)}\n`);
    return 0;
  },
});

function describe(verb: (typeof VERBS)[number], report: BundleReport, path: string): string {
  const { records, layers, mounts, bytes, moved, left } = report;
  const what = `${count(records, "step")}, ${count(layers, "layer")}, ${count(mounts, "cache mount")}`;
  const size = `${formatBytes(bytes)}, ${formatBytes(moved)} of it new`;
  const rest = left === 0 ? "" : `; ${left} left out`;
  return verb === "save"
    ? `Saved to ${path}: ${what} (${size})${rest}`
    : `Restored from ${path}: ${what} (${size})${rest}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
