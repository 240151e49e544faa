import { command } from "../../command.ts";
import { onePlatform, progressMode } from "../../values.ts";
import { withProgress } from "../../with-tsbuild.ts";

/** `tsbuild copy`. */
export const copyCommand = command({
  name: "copy",
  usage: "copy [OPTIONS] SOURCE DESTINATION",
  summary: "Copy an image between registries, archives, layouts and the store",
  flags: {
    all: { short: "a", doc: "Copy all that the name leads to: every platform, and what belongs to them" },
    platform: { value: "OS/ARCH", doc: "Copy the image for this platform", default: "this machine's" },
    quiet: { short: "q", doc: "Print the digest and nothing else" },
    progress: { value: "HOW", doc: "Show progress as auto, plain, tty or quiet", default: "auto" },
  },
  missing: {
    "dest-compress-format|dest-compress-level":
      "a copy has the bytes of its source: tsbuild build -o compression= makes others",
    "format|f": "a copy has the bytes of its source",
    "preserve-digests": "digests are always preserved",
    "src-tls-verify|dest-tls-verify": 'write insecure = true below [registry."HOST"] in the configuration',
    "sign-by": undefined,
  },
  operands: { min: 2, max: 2, name: "SOURCE and DESTINATION" },
  examples: [
    [
      "tsbuild copy --all debian:12 registry.example.org/debian:12",
      "copies every platform to another registry",
    ],
    ["tsbuild copy alpine oci:layout:alpine", "copies this machine's image into an OCI layout"],
    ["tsbuild copy docker-archive:app.tar store:app", "takes an archive of docker save into the store"],
    ["tsbuild copy store:app oci-archive:app.tar", "writes an image of the store to an archive"],
  ],
  async execute(flags, [from = "", to = ""], session) {
    const platform = onePlatform(flags.platform);
    const mode = flags.quiet ? "quiet" : progressMode("copy", flags.progress);
    const { digest } = await withProgress(session, mode, "Copying", (tsbuild, emit) =>
      tsbuild.copy(from, to, {
        all: flags.all,
        ...(platform === undefined ? {} : { platform }),
        signal: session.signal,
        emit,
      }),
    );
    session.io.stdout.write(`${digest}\n`);
    return 0;
  },
});
