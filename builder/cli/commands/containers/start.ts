import { command } from "../../command.ts";
import { lendTerminal } from "../../container-io.ts";
import { forEach } from "../../each.ts";
import { DETACH_KEYS_FLAG, parseDetachKeys } from "../../detach-keys.ts";
import { usageError } from "../../flags.ts";
import { withStore } from "../../with-tsbuild.ts";
import { attachTo } from "./attaching.ts";

/** `tsbuild start`. */
export const startCommand = command({
  name: "start",
  usage: "start [OPTIONS] CONTAINER...",
  summary: "Run containers that ended once more",
  flags: {
    attach: { short: "a", doc: "Stay with it until it ends, and show what it says" },
    interactive: { short: "i", doc: "Pass standard input on to one that was made with -i" },
    "detach-keys": DETACH_KEYS_FLAG,
  },
  missing: { "checkpoint|checkpoint-dir": undefined },
  operands: { min: 1, max: Infinity, name: "CONTAINER" },
  examples: [
    ["tsbuild start db", "goes on with what it wrote"],
    ["tsbuild start -a job", "shows what it says, and ends as it does"],
  ],
  async execute(flags, operands, session) {
    const { attach, interactive } = flags;
    const detachKeys = parseDetachKeys("start", flags["detach-keys"]);
    const { io, signal } = session;
    const [first = ""] = operands;
    if ((attach || interactive) && operands.length > 1) {
      throw usageError("start", "Cannot attach to several containers at once");
    }
    if (!attach && !interactive) {
      const lent = lendTerminal(session, { interactive: false, tty: false });
      // Each is left to the helper that it was started with: none can start another one.
      return forEach(session, operands, (name) =>
        withStore(session, async (tsbuild, emit) => {
          await tsbuild.containers.start(name, { attach: false, io: lent, signal, emit });
          return name;
        }),
      );
    }
    const { state } = await withStore(session, ({ containers }) => containers.find(first));
    // As docker: one that runs is joined.
    if (state.status === "running")
      return attachTo(session, "start", first, { ...flags, "sig-proxy": undefined });
    return withStore(session, async ({ containers }, emit) => {
      const { record } = await containers.find(first);
      const lent = lendTerminal(session, { interactive, tty: record.tty, detachKeys });
      if (interactive) session.restore.add(() => io.stdin.close());
      return containers.start(first, { attach: true, io: lent, signal, emit });
    });
  },
});
