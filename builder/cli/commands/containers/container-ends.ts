import { checkedSignal } from "../../../containers/signals.ts";
import { command } from "../../command.ts";
import { forEach } from "../../each.ts";
import { withStore } from "../../with-tsbuild.ts";
import { seconds } from "./run-lifecycle.ts";

const CONTAINERS = { min: 1, max: Infinity, name: "CONTAINER" } as const;

/** `tsbuild stop`. */
export const stopCommand = command({
  name: "stop",
  usage: "stop [OPTIONS] CONTAINER...",
  summary: "Ask containers to end, and kill those that do not",
  flags: {
    time: {
      short: "t",
      value: "SECONDS",
      doc: "Wait so long; -1 for ever",
      default: "the container's, or 10",
    },
  },
  missing: { "signal|s": 'say it with "tsbuild kill -s", or with --stop-signal when the container is made' },
  operands: CONTAINERS,
  examples: [["tsbuild stop -t 30 db", "gives it half a minute"]],
  async execute(flags, operands, session) {
    const patience = flags.time === undefined ? undefined : seconds("stop", "--time", flags.time);
    return withStore(session, (tsbuild) =>
      forEach(session, operands, async (name) => {
        await tsbuild.containers.stop(name, patience);
        return name;
      }),
    );
  },
});

/** `tsbuild kill`. */
export const killCommand = command({
  name: "kill",
  usage: "kill [OPTIONS] CONTAINER...",
  summary: "Send a signal to containers",
  flags: { signal: { short: "s", value: "SIGNAL", doc: "Name or number of the signal", default: "SIGKILL" } },
  operands: CONTAINERS,
  examples: [["tsbuild kill -s HUP web", "lets a server read its configuration again"]],
  async execute(flags, operands, session) {
    const signal = checkedSignal(flags.signal ?? "SIGKILL");
    return withStore(session, (tsbuild) =>
      forEach(session, operands, async (name) => {
        await tsbuild.containers.kill(name, signal);
        return name;
      }),
    );
  },
});

/** `tsbuild wait`. */
export const waitCommand = command({
  name: "wait",
  usage: "wait CONTAINER...",
  summary: "Wait until containers end, and print their exit codes",
  flags: {},
  operands: CONTAINERS,
  examples: [["tsbuild wait job", "prints the exit code of a container when it has one"]],
  async execute(_flags, operands, session) {
    return withStore(session, (tsbuild) =>
      forEach(session, operands, async (name) => String(await tsbuild.containers.wait(name))),
    );
  },
});

/** `tsbuild rm`. */
export const rmCommand = command({
  name: "rm",
  usage: "rm [OPTIONS] CONTAINER...",
  summary: "Remove containers and what they wrote",
  flags: { force: { short: "f", doc: "Kill those that run" } },
  missing: {
    "link|l": undefined,
    "volumes|v": "containers have no volumes of their own: -v of run names directories",
  },
  operands: CONTAINERS,
  examples: [["tsbuild rm -f web", "kills a container that runs, and removes it"]],
  async execute(flags, operands, session) {
    return withStore(session, (tsbuild) =>
      forEach(session, operands, async (name) => {
        await tsbuild.containers.remove(name, flags.force);
        return name;
      }),
    );
  },
});
