import { checkedSignal } from "../../../containers/signals.ts";
import { command } from "../../command.ts";
import { forEach } from "../../each.ts";
import { withStore } from "../../with-tsbuild.ts";
import { CONTAINERS, onEach, STOP_FLAGS, stopOptions } from "./on-each.ts";

/** `tsbuild stop`. */
export const stopCommand = command({
  name: "stop",
  usage: "stop [OPTIONS] CONTAINER...",
  summary: "Ask containers to end, and kill those that do not",
  flags: STOP_FLAGS,
  operands: CONTAINERS,
  examples: [["tsbuild stop -t 30 db", "gives it half a minute"]],
  async execute(flags, names, session) {
    const options = stopOptions("stop", flags);
    return onEach(session, names, (containers, name) => containers.stop(name, options));
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
  async execute(flags, names, session) {
    const signal = checkedSignal(flags.signal ?? "SIGKILL");
    return onEach(session, names, (containers, name) => containers.kill(name, signal));
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
  async execute(_flags, names, session) {
    return withStore(session, ({ containers }) =>
      forEach(session, names, async (name) => String(await containers.wait(name))),
    );
  },
});

/** `tsbuild rm`. */
export const rmCommand = command({
  name: "rm",
  usage: "rm [OPTIONS] CONTAINER...",
  summary: "Remove containers and what they wrote",
  flags: {
    force: { short: "f", doc: "Kill those that run" },
    volumes: { short: "v", doc: "Remove their volumes without names too, which is so without it" },
  },
  missing: { "link|l": undefined },
  operands: CONTAINERS,
  examples: [["tsbuild rm -f web", "kills a container that runs, and removes it"]],
  async execute({ force }, names, session) {
    return onEach(session, names, (containers, name) => containers.remove(name, force));
  },
});
