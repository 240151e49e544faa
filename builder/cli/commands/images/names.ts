import { isDigest } from "../../../core/digest.ts";
import { command } from "../../command.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild rmi`. */
export const rmiCommand = command({
  name: "rmi",
  usage: "rmi IMAGE...",
  summary: "Remove names of images from the store",
  flags: {},
  missing: {
    "force|f": "nothing holds an image back: a name is removed at once",
    "no-prune": undefined,
    platform: undefined,
  },
  operands: { min: 1, max: Infinity, name: "IMAGE" },
  examples: [["tsbuild rmi app:old app:older", "removes two names"]],
  async execute(_flags, references, session) {
    const removed = await withStore(session, (tsbuild) => tsbuild.remove(references));
    session.io.stdout.write(
      removed.map((name) => `${isDigest(name) ? "Deleted" : "Untagged"}: ${name}\n`).join(""),
    );
    return 0;
  },
});

/** `tsbuild tag`. */
export const tagCommand = command({
  name: "tag",
  usage: "tag IMAGE NAME[:TAG]",
  summary: "Give an image another name",
  flags: {},
  operands: { min: 2, max: 2, name: "IMAGE or NAME" },
  examples: [["tsbuild tag app ghcr.io/me/app:1.2", "names app for a registry, to push it"]],
  async execute(_flags, [source = "", target = ""], session) {
    await withStore(session, (tsbuild) => tsbuild.tag(source, target));
    return 0;
  },
});
