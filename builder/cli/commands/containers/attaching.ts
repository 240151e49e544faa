import { lendTerminal } from "../../container-io.ts";
import { DETACH_KEYS_FLAG, parseDetachKeys } from "../../detach-keys.ts";
import { usageError } from "../../flags.ts";
import type { FlagTable, FlagValues, Session } from "../../types.ts";
import { withStore } from "../../with-tsbuild.ts";

/** Flags of commands that join a container that runs. */
export const ATTACH_FLAGS = {
  "detach-keys": DETACH_KEYS_FLAG,
  "sig-proxy": { value: "BOOL", bare: "true", doc: "Pass signals on to it", default: "true" },
} as const satisfies FlagTable;

type Flags = FlagValues<typeof ATTACH_FLAGS> & { readonly interactive: boolean };

/** Joins a container that runs until it ends, or the user leaves it; resolves with its exit code, or with 0. */
export async function attachTo(
  session: Session,
  command: string,
  name: string,
  flags: Flags,
): Promise<number> {
  const { io } = session;
  const detachKeys = parseDetachKeys(command, flags["detach-keys"]);
  const proxy = flags["sig-proxy"] ?? "true";
  if (!/^(?:true|false|0|1)$/.test(proxy))
    throw usageError(command, `Cannot use --sig-proxy=${proxy}: it is a switch`, "write true or false");
  return withStore(session, async ({ containers }) => {
    const { record } = await containers.find(name);
    const interactive = flags.interactive && record.stdin;
    if (interactive && record.tty && !io.stdin.isTTY) {
      throw usageError(
        command,
        `Cannot attach to container ${name}: it has a terminal, and standard input is none`,
        command === "start" ? "leave -i out to see its output alone" : "--no-stdin shows its output alone",
      );
    }
    const lent = lendTerminal(session, {
      interactive,
      tty: record.tty,
      // What is typed at its terminal is a signal there.
      signals: /^(?:true|1)$/.test(proxy) && !record.tty,
      detachKeys,
    });
    const { columns: _columns, rows: _rows, ...unsized } = lent;
    if (interactive) session.restore.add(() => io.stdin.close());
    // Whoever looks on without a terminal has no size to give.
    return containers.attach(record.id, { io: io.stdout.isTTY ? lent : unsized, signal: session.signal });
  });
}
