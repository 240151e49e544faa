import { command } from "../../command.ts";
import { lendTerminal } from "../../container-io.ts";
import { parseDetachKeys } from "../../detach-keys.ts";
import { usageError } from "../../flags.ts";
import { withProgress } from "../../with-tsbuild.ts";
import { CidFile } from "./run-lifecycle.ts";
import { MISSING_RUN_FLAGS, RUN_FLAGS, runRequest } from "./run-request.ts";

/** `tsbuild run`. */
export const runCommand = command({
  name: "run",
  usage: "run [OPTIONS] IMAGE [COMMAND] [ARGUMENT...]",
  summary: "Run a command in a new container of an image",
  flags: RUN_FLAGS,
  missing: MISSING_RUN_FLAGS,
  operands: { min: 1, max: Infinity, name: "IMAGE" },
  flagsFirst: true,
  examples: [
    ["tsbuild run --rm app", "runs the image's own command; its exit status is passed on"],
    ["tsbuild run --rm -it alpine sh", "opens a shell"],
    ["tsbuild run -d --name db postgres", "lets it run on; see tsbuild ps, logs, exec and stop"],
    ["tsbuild run --rm -v .:/src -w /src node:22 npm test", "runs a tool on the files of this directory"],
  ],
  async execute(flags, operands, session) {
    const { io } = session;
    const request = runRequest(flags, operands, io.env);
    const { detach } = request;
    const detachKeys = parseDetachKeys("run", flags["detach-keys"]);
    if (!detach && request.tty && request.interactive && !io.stdin.isTTY) {
      throw usageError("run", "Cannot use -t with -i: standard input is not a terminal", "leave -t out");
    }
    return withProgress(session, "auto", "Pulling", async (tsbuild, emit, endProgress) => {
      const { interactive, tty } = detach ? { interactive: false, tty: false } : request;
      using cidfile = flags.cidfile === undefined ? undefined : new CidFile(flags.cidfile);
      const onCreated = (id: string): void => {
        cidfile?.write(id);
        if (!detach) return;
        endProgress();
        io.stdout.write(`${id}\n`);
      };
      const lent = lendTerminal(session, { interactive, tty, detachKeys, onStart: endProgress });
      if (interactive) session.restore.add(() => io.stdin.close());
      return await tsbuild.run({ ...request, io: lent, onCreated, signal: session.signal, emit });
    });
  },
});
