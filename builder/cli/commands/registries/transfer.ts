import { command } from "../../command.ts";
import type { FlagTable, FlagValues, Session } from "../../types.ts";
import { onePlatform, progressMode } from "../../values.ts";
import { withProgress } from "../../with-tsbuild.ts";

const TRANSFER_FLAGS = {
  platform: { value: "OS/ARCH", doc: "Fetch the image for this platform", default: "this machine's" },
  quiet: { short: "q", doc: "Print the image's name and nothing else" },
  progress: { value: "HOW", doc: "Show progress as auto, plain, tty or quiet", default: "auto" },
} as const satisfies FlagTable;

/** `tsbuild push`. */
export const pushCommand = command({
  name: "push",
  usage: "push [OPTIONS] NAME[:TAG]",
  summary: "Send an image to its registry",
  flags: {
    ...TRANSFER_FLAGS,
    platform: {
      value: "OS/ARCH",
      doc: "Send the image for this platform alone",
      default: "all, where all are here",
    },
  },
  missing: { "all-tags|a": "name each tag", "disable-content-trust": undefined },
  operands: { min: 1, max: 1, name: "NAME" },
  examples: [["tsbuild push ghcr.io/me/app:1.2", "pushes with the credentials of docker's config.json"]],
  execute: (flags, [reference = ""], session) => transfer("push", reference, flags, session),
});

/** `tsbuild pull`. */
export const pullCommand = command({
  name: "pull",
  usage: "pull [OPTIONS] NAME[:TAG|@DIGEST]",
  summary: "Fetch an image from its registry",
  flags: TRANSFER_FLAGS,
  missing: { "all-tags|a": "name each tag", "disable-content-trust": undefined },
  operands: { min: 1, max: 1, name: "NAME" },
  examples: [["tsbuild pull --platform linux/arm64 alpine", "fetches another platform's image"]],
  execute: (flags, [reference = ""], session) => transfer("pull", reference, flags, session),
});

const TITLES = { pull: "Pulling", push: "Pushing" } as const;

async function transfer(
  verb: "pull" | "push",
  reference: string,
  flags: FlagValues<typeof TRANSFER_FLAGS>,
  session: Session,
): Promise<number> {
  const platform = onePlatform(flags.platform);
  const mode = flags.quiet ? "quiet" : progressMode(verb, flags.progress);
  const done = await withProgress(session, mode, TITLES[verb], (tsbuild, emit) => {
    const options = { ...(platform === undefined ? {} : { platform }), signal: session.signal, emit };
    return verb === "pull" ? tsbuild.pull(reference, options) : tsbuild.push(reference, options);
  });
  session.io.stdout.write(flags.quiet ? `${done.name}\n` : `${done.name}\n${done.digest}\n`);
  return 0;
}
