import type { Container } from "../../../api/container-types.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { parseInstant } from "../../instant.ts";
import { Prompt } from "../../prompt.ts";
import { withStore } from "../../with-tsbuild.ts";
import { forEach } from "../../each.ts";
import { containerFilter } from "./ps-filter.ts";

/** `tsbuild container prune`. */
export const containerCommand = command({
  name: "container",
  usage: "container prune [OPTIONS]",
  summary: "Remove all containers that ended",
  flags: {
    force: { short: "f", doc: "Do not ask" },
    filter: {
      value: "KEY=VALUE",
      repeat: true,
      doc: "Remove only those that were made before until=24h, or have label=NAME[=VALUE], or not: label!=",
    },
  },
  operands: { min: 1, max: 1, name: "prune", first: ["prune"] },
  examples: [
    ["tsbuild container prune", "asks, then removes what ended"],
    ["tsbuild container prune -f --filter until=24h", "keeps those that were made today"],
  ],
  async execute(flags, [verb = ""], session) {
    const { io } = session;
    if (verb !== "prune")
      throw usageError(
        "container",
        `Cannot run container ${verb}: it is not "prune"`,
        `for all else there are commands of their own, as in "tsbuild ${verb === "ls" || verb === "list" ? "ps" : verb}"`,
      );
    const wanted = pruned(flags.filter);
    if (!flags.force) {
      if (!io.stdin.isTTY)
        throw usageError("container", "Cannot ask whether to remove: no terminal is there", "write -f");
      using prompt = new Prompt(io);
      const answer = await prompt.ask("All containers that ended are removed. Go on? [y/N] ");
      if (!/^y(?:es)?$/i.test(answer)) return 0;
    }
    return withStore(session, async ({ containers }) => {
      const all = await containers.list();
      // One that was made and does not run yet is about to.
      const over = all.filter(({ state }) => ["exited", "dead"].includes(state.status)).filter(wanted);
      return forEach(
        session,
        over.map(({ record }) => record.id),
        async (id) => {
          await containers.remove(id, false);
          return id;
        },
      );
    });
  },
});

/** docker's filters: of several, all hold. */
function pruned(texts: readonly string[]): (container: Container) => boolean {
  const tests = texts.map((text): ((container: Container) => boolean) => {
    const [, key, value = ""] = /^(until=|label=|label!=)(.+)$/s.exec(text) ?? [];
    if (key === "until=") {
      const before = parseInstant("container", "--filter until", value, Date.now()) ?? 0;
      return ({ record }) => Date.parse(record.created) < before;
    }
    if (key === undefined)
      throw usageError("container", `Cannot use --filter ${text}: it is none of until=, label=, label!=`);
    const { matches } = containerFilter([`label=${value}`]);
    return key === "label=" ? matches : (container) => !matches(container);
  });
  return (container) => tests.every((test) => test(container));
}
