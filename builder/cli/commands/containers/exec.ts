import { command } from "../../command.ts";
import { lendTerminal } from "../../container-io.ts";
import { DETACH_KEYS_FLAG, parseDetachKeys } from "../../detach-keys.ts";
import { usageError } from "../../flags.ts";
import { withStore } from "../../with-tsbuild.ts";
import { VARIABLE_FLAGS, variables } from "../variables.ts";

/** `tsbuild exec`. */
export const execCommand = command({
  name: "exec",
  usage: "exec [OPTIONS] CONTAINER COMMAND [ARGUMENT...]",
  summary: "Run a command in a container that runs",
  flags: {
    interactive: { short: "i", doc: "Pass standard input on" },
    tty: { short: "t", doc: "Give it a terminal" },
    detach: { short: "d", doc: "Let it run in the background" },
    "detach-keys": DETACH_KEYS_FLAG,
    ...VARIABLE_FLAGS,
    user: { short: "u", value: "USER[:GROUP]", doc: "Run as this user", default: "the container's" },
    workdir: { short: "w", value: "DIR", doc: "Start in this directory", default: "the container's" },
  },
  missing: {
    privileged: "a process has no more rights than its container: give them to that, with run --cap-add",
  },
  operands: { min: 2, max: Infinity, name: "CONTAINER or COMMAND" },
  flagsFirst: true,
  examples: [
    ["tsbuild exec -it web sh", "opens a shell in a container"],
    ["tsbuild exec -u postgres db pg_dump app > dump.sql", "runs a tool on its data"],
  ],
  async execute(flags, [container = "", ...words], session) {
    const { io, signal } = session;
    const { detach, user, workdir } = flags;
    const [interactive, tty] = detach ? [false, false] : [flags.interactive, flags.tty];
    if (tty && interactive && !io.stdin.isTTY) {
      throw usageError("exec", "Cannot use -t with -i: standard input is not a terminal", "leave -t out");
    }
    const detachKeys = parseDetachKeys("exec", flags["detach-keys"]);
    return withStore(session, (tsbuild) => {
      const lent = lendTerminal(session, { interactive, tty, detachKeys });
      if (interactive) session.restore.add(() => io.stdin.close());
      return tsbuild.containers.exec(container, {
        command: words,
        env: variables("exec", flags, io.env),
        ...(user === undefined ? {} : { user }),
        ...(workdir === undefined ? {} : { workdir }),
        interactive: flags.interactive,
        tty: flags.tty,
        detach,
        io: lent,
        signal,
      });
    });
  },
});
