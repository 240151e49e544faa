import { parseFlags } from "./flags.ts";
import type { Command, CommandSpec, FlagTable } from "./types.ts";

/** Ties a command's flags to what it does with them. */
export function command<const T extends FlagTable>(spec: CommandSpec<T>): Command {
  return {
    ...spec,
    async call(argv, session) {
      const { values, operands, debug, help } = parseFlags(spec, argv);
      session.debug = debug;
      if (help) {
        const { commandHelp } = await import("./help.ts");
        session.io.stdout.write(commandHelp(spec, session.io.stdout.columns));
        return 0;
      }
      return spec.execute(values, operands, session);
    },
  };
}
