import { constants } from "node:os";
import { TsbuildError } from "../../../core/errors.ts";
import { command } from "../../command.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild attach`. */
export const attachCommand = command({
  name: "attach",
  usage: "attach [OPTIONS] CONTAINER",
  summary: "Show what a container says from now on, and end as it does",
  flags: {
    "no-stdin": { doc: "Do without standard input, which cannot be passed on to a container that runs" },
    "sig-proxy": { value: "BOOL", bare: "true", doc: "Pass signals on to it", default: "true" },
  },
  missing: { "detach-keys": undefined },
  operands: { min: 1, max: 1, name: "CONTAINER" },
  examples: [["tsbuild attach web", "shows its output until it ends; Ctrl-C stops it"]],
  async execute(flags, [name = ""], session) {
    const { io, signal } = session;
    return withStore(session, async ({ containers }) => {
      const { record, state } = await containers.find(name);
      if (state.status !== "running")
        throw new TsbuildError("CONTAINER_STATE", `Cannot attach to container ${name}: it does not run`, {
          hint: `tsbuild start -a ${name} runs it and stays with it`,
        });
      if (record.stdin && !flags["no-stdin"])
        throw new TsbuildError(
          "UNSUPPORTED",
          `Cannot attach to container ${name}: what is typed cannot be passed on to its first process`,
          { hint: `tsbuild exec -it ${name} sh opens a shell in it; --no-stdin shows its output alone` },
        );
      if (flags["sig-proxy"] !== "false") {
        session.restore.add(session.takeSignals());
        for (const one of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const)
          session.restore.add(
            io.onSignal(one, () => {
              // One that ended meanwhile needs no signal.
              containers.kill(record.id, constants.signals[one]).catch(() => {});
            }),
          );
      }
      const ended = containers.wait(record.id);
      await containers.logs(record.id, {
        follow: true,
        tail: 0,
        signal,
        onOutput: (stream, data) => io[stream].write(data),
      });
      return ended;
    });
  },
});
