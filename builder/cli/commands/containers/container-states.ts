import { TsbuildError } from "../../../core/errors.ts";
import { command } from "../../command.ts";
import { lendTerminal } from "../../container-io.ts";
import { forEach } from "../../each.ts";
import { withStore } from "../../with-tsbuild.ts";
import { seconds } from "./run-lifecycle.ts";

const CONTAINERS = { min: 1, max: Infinity, name: "CONTAINER" } as const;

/** `tsbuild restart`. */
export const restartCommand = command({
  name: "restart",
  usage: "restart [OPTIONS] CONTAINER...",
  summary: "Stop containers, and run them once more",
  flags: {
    time: {
      short: "t",
      value: "SECONDS",
      doc: "Wait so long before a container is killed; -1 for ever",
      default: "the container's, or 10",
    },
  },
  missing: { "signal|s": 'say it with "tsbuild kill -s", or with --stop-signal when the container is made' },
  operands: CONTAINERS,
  examples: [["tsbuild restart web", "lets it begin anew, with what it wrote"]],
  async execute(flags, operands, session) {
    const patience = flags.time === undefined ? undefined : seconds("restart", "--time", flags.time);
    const io = lendTerminal(session, { interactive: false, tty: false, onStart: () => undefined });
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
        await containers.stop(record.id, patience);
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
  async execute(_flags, operands, session) {
    return withStore(session, ({ containers }) =>
      forEach(session, operands, async (name) => {
        await containers.pause(name);
        return name;
      }),
    );
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
  async execute(_flags, operands, session) {
    return withStore(session, ({ containers }) =>
      forEach(session, operands, async (name) => {
        await containers.unpause(name);
        return name;
      }),
    );
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
