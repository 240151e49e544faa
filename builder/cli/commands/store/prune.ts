import { didYouMean } from "../../../core/suggest.ts";
import { formatBytes } from "../../../core/units.ts";
import type { ItemKind, PruneRequest } from "../../../space/types.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { parseAge, parseSize } from "../../sizes.ts";
import type { Io } from "../../types.ts";
import { withStore } from "../../with-tsbuild.ts";

const KINDS: readonly ItemKind[] = ["layer", "record", "source", "mount", "context", "plan", "orphan"];

/** `tsbuild prune`. */
export const pruneCommand = command({
  name: "prune",
  usage: "prune [OPTIONS]",
  summary: "Remove cache that no image and no running build needs",
  flags: {
    all: { short: "a", doc: "Also remove cache mounts, and what is known of contexts and Dockerfiles" },
    "cache-mounts": { doc: "Also remove cache mounts" },
    filter: {
      value: "KEY=VALUE",
      repeat: true,
      doc: "Remove only what is unused for until=24h, has id=PREFIX, or is of type=layer",
    },
    force: { short: "f", doc: "Do not ask" },
    "keep-storage": { value: "SIZE", doc: "Keep this much of the cache, what was used last" },
  },
  operands: { min: 0, max: 0, name: "argument" },
  examples: [
    ["tsbuild prune", "asks, then removes all cache but that of tagged images"],
    ["tsbuild prune -f --filter until=24h", "removes what was not used for a day"],
    ["tsbuild prune -af --keep-storage 5GB", "removes the least recently used beyond 5 GB"],
  ],
  async execute(flags, _operands, session) {
    const keep = flags["keep-storage"];
    const request: PruneRequest = {
      all: flags.all,
      mounts: flags["cache-mounts"],
      ...filters(flags.filter),
      ...(keep !== undefined && { keepBytes: parseSize("prune", "--keep-storage", keep) }),
    };
    const { io } = session;
    if (!flags.force && !(await agreed(io, flags.all))) return 0;
    const { removed, bytes } = await withStore(session, (tsbuild) => tsbuild.prune(request, session.signal));
    const lines = removed.map(({ kind, id, size }) => `${id.slice(0, 25)}\t${kind}\t${formatBytes(size)}\n`);
    io.stdout.write(`${lines.join("")}Total reclaimed space: ${formatBytes(bytes)}\n`);
    return 0;
  },
});

function filters(given: readonly string[]): Pick<PruneRequest, "unusedFor" | "ids" | "kinds"> {
  const ids: string[] = [];
  const kinds: ItemKind[] = [];
  let unusedFor: number | undefined;
  for (const text of given) {
    const [key = "", value = ""] = text.split(/=(.*)/s);
    const kind = KINDS.find((one) => one === value);
    if (key === "until" || key === "unused-for") unusedFor = parseAge("prune", "--filter until=", value);
    else if (key === "id" && value !== "") ids.push(value.replace(/^sha256:/, ""));
    else if (key === "type" && kind !== undefined) kinds.push(kind);
    else if (key === "type")
      throw usageError(
        "prune",
        `Cannot use --filter ${text}: it is none of ${KINDS.join(", ")}`,
        didYouMean(value, KINDS),
      );
    else throw usageError("prune", `Cannot use --filter ${text}: it is none of until=, id=, type=`);
  }
  return {
    ...(unusedFor !== undefined && { unusedFor }),
    ...(ids.length > 0 && { ids }),
    ...(kinds.length > 0 && { kinds }),
  };
}

/** Asks as docker does; who cannot be asked has to say it with -f. */
async function agreed(io: Io, all: boolean): Promise<boolean> {
  if (!io.stdin.isTTY)
    throw usageError(
      "prune",
      "Cannot ask whether to remove the cache: standard input is not a terminal",
      "add --force",
    );
  io.stderr.write(
    `WARNING! This will remove ${all ? "all build cache, cache mounts included" : "all build cache that no tagged image needs"}.\nAre you sure you want to continue? [y/N] `,
  );
  for await (const chunk of io.stdin.read()) {
    io.stdin.close();
    return /^y(es)?$/i.test(Buffer.from(chunk).toString("utf8").trim());
  }
  return false;
}
