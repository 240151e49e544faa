import { TsbuildError } from "../../../core/errors.ts";
import { command } from "../../command.ts";
import { lendTerminal } from "../../container-io.ts";
import { forEach } from "../../each.ts";
import { withStore } from "../../with-tsbuild.ts";
import { CONTAINERS, onEach, STOP_FLAGS, stopOptions } from "./on-each.ts";

/** `tsbuild restart`. */
export const restartCommand = command({
  name: "restart",
  usage: "restart [OPTIONS] CONTAINER...",
  summary: "Stop containers, and run them once more",
  flags: STOP_FLAGS,
  operands: CONTAINERS,
  examples: [["tsbuild restart web", "lets it begin anew, with what it wrote"]],
  async execute(flags, operands, session) {
    const options = stopOptions("restart", flags);
    const io = lendTerminal(session, { interactive: false, tty: false });
    // Each is left to the helper that it was started with: none can start another one.
    return forEach(session, operands, (name) =>
      withStore(session, async ({ containers }, emit) => {
        const { record } = await containers.find(name);
        if (record.remove) {
          throw new TsbuildError(
            "CONTAINER_STATE",
            `Cannot restart container ${name}: it is removed when it ends`,
            { hint: "it was made with --rm: run it again" },
          );
        }
        await containers.stop(record.id, options);
        await containers.start(record.id, { attach: false, io, signal: session.signal, emit });
        return name;
      }),
    );
  },
});

/** `tsbuild pause`. */
export const pauseCommand = command({
  name: "pause",
  usage: "pause CONTAINER...",
  summary: "Stop all processes of containers where they are",
  flags: {},
  operands: CONTAINERS,
  examples: [["tsbuild pause db", "keeps it in memory, and lets it do nothing"]],
  async execute(_flags, names, session) {
    return onEach(session, names, (containers, name) => containers.pause(name));
  },
});

/** `tsbuild unpause`. */
export const unpauseCommand = command({
  name: "unpause",
  usage: "unpause CONTAINER...",
  summary: "Let containers that are paused go on",
  flags: {},
  operands: CONTAINERS,
  examples: [["tsbuild unpause db", "lets it go on"]],
  async execute(_flags, names, session) {
    return onEach(session, names, (containers, name) => containers.unpause(name));
  },
});

/** `tsbuild rename`. */
export const renameCommand = command({
  name: "rename",
  usage: "rename CONTAINER NAME",
  summary: "Give a container another name",
  flags: {},
  operands: { min: 2, max: 2, name: "CONTAINER or NAME" },
  examples: [["tsbuild rename brave_otter web", "names it as it should have been"]],
  async execute(_flags, [container = "", name = ""], session) {
    return withStore(session, async ({ containers }) => {
      await containers.rename(container, name);
      return 0;
    });
  },
});
