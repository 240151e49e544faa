import type { Containers, StopOptions } from "../../../api/container-types.ts";
import { checkedSignal } from "../../../containers/signals.ts";
import { forEach } from "../../each.ts";
import type { FlagTable, FlagValues, Session } from "../../types.ts";
import { withStore } from "../../with-tsbuild.ts";
import { seconds } from "./run-lifecycle.ts";

/** The operands of commands on several containers. */
export const CONTAINERS = { min: 1, max: Infinity, name: "CONTAINER" } as const;

/** Does something to each container, and prints what it was called. */
export function onEach(
  session: Session,
  names: readonly string[],
  work: (containers: Containers, name: string) => Promise<unknown>,
): Promise<number> {
  return withStore(session, ({ containers }) =>
    forEach(session, names, async (name) => {
      await work(containers, name);
      return name;
    }),
  );
}

/** Flags of commands that stop containers. */
export const STOP_FLAGS = {
  time: {
    short: "t",
    value: "SECONDS",
    doc: "Wait so long before a container is killed; -1 for ever",
    default: "the container's, or 10",
  },
  timeout: { value: "SECONDS", doc: "The same as --time" },
  signal: {
    short: "s",
    value: "SIGNAL",
    doc: "Send this before",
    default: "the container's, or SIGTERM",
  },
} as const satisfies FlagTable;

/** What those flags ask for. */
export function stopOptions(command: string, flags: FlagValues<typeof STOP_FLAGS>): StopOptions {
  const [name, text] = flags.time === undefined ? ["--timeout", flags.timeout] : ["--time", flags.time];
  return {
    ...(text === undefined ? {} : { seconds: seconds(command, name, text) }),
    ...(flags.signal === undefined ? {} : { signal: checkedSignal(flags.signal) }),
  };
}
