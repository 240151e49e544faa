import { command } from "../../command.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild commit`. */
export const commitCommand = command({
  name: "commit",
  usage: "commit [OPTIONS] CONTAINER [NAME[:TAG]]",
  summary: "Make an image of a container",
  flags: {
    change: {
      short: "c",
      value: "INSTRUCTION",
      repeat: true,
      doc: "Change its config by an instruction of a Dockerfile",
    },
    message: { short: "m", value: "TEXT", doc: "Write a comment into its history" },
    author: { short: "a", value: "NAME", doc: "Say who made it" },
  },
  missing: { "pause|p": "a container goes on while it is read; stop it where that matters" },
  operands: { min: 1, max: 2, name: "CONTAINER" },
  examples: [
    ["tsbuild commit web web:patched", "names an image of what the container is now"],
    ["tsbuild commit -c EXPOSE=80 -m fixed web", "changes its config as well, and prints its id alone"],
  ],
  async execute(flags, [container = "", name], session) {
    const { change, message, author } = flags;
    const id = await withStore(session, (tsbuild, emit) =>
      tsbuild.containers.commit(container, {
        ...(name === undefined ? {} : { name }),
        changes: change,
        ...(message === undefined ? {} : { message }),
        ...(author === undefined ? {} : { author }),
        signal: session.signal,
        emit,
      }),
    );
    session.io.stdout.write(`${id}\n`);
    return 0;
  },
});
