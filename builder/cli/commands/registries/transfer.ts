import { command } from "../../command.ts";
import type { Command, Session } from "../../types.ts";
import { onePlatform, progressMode } from "../../values.ts";
import { withProgress } from "../../with-tsbuild.ts";

/** `tsbuild push`. */
export const pushCommand = transferCommand("push", {
  usage: "push [OPTIONS] NAME[:TAG]",
  summary: "Send an image to its registry",
  platform: { doc: "Send the image for this platform alone", default: "all, where all are here" },
  example: ["tsbuild push ghcr.io/me/app:1.2", "pushes with the credentials of docker's config.json"],
});

/** `tsbuild pull`. */
export const pullCommand = transferCommand("pull", {
  usage: "pull [OPTIONS] NAME[:TAG|@DIGEST]",
  summary: "Fetch an image from its registry",
  platform: { doc: "Fetch the image for this platform", default: "this machine's" },
  example: ["tsbuild pull --platform linux/arm64 alpine", "fetches another platform's image"],
});

interface Transfer {
  readonly usage: string;
  readonly summary: string;
  readonly platform: { readonly doc: string; readonly default: string };
  readonly example: readonly [line: string, does: string];
}

/** What docker's two commands have in common, and so these. */
function transferCommand(name: "pull" | "push", { usage, summary, platform, example }: Transfer): Command {
  return command({
    name,
    usage,
    summary,
    flags: {
      platform: { value: "OS/ARCH", ...platform },
      quiet: { short: "q", doc: "Print the image's name and nothing else" },
      progress: { value: "HOW", doc: "Show progress as auto, plain, tty or quiet", default: "auto" },
    },
    missing: { "all-tags|a": "name each tag", "disable-content-trust": undefined },
    operands: { min: 1, max: 1, name: "NAME" },
    examples: [example],
    execute: (flags, [reference = ""], session) => transfer(name, reference, flags, session),
  });
}

interface TransferFlags {
  readonly platform: string | undefined;
  readonly quiet: boolean;
  readonly progress: string | undefined;
}

const TITLES = { pull: "Pulling", push: "Pushing" } as const;

async function transfer(
  verb: "pull" | "push",
  reference: string,
  flags: TransferFlags,
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
