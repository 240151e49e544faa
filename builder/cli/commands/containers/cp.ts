import type { CopyEnd } from "../../../api/container-types.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild cp`. */
export const cpCommand = command({
  name: "cp",
  usage: "cp [OPTIONS] CONTAINER:PATH PATH|-\ncp [OPTIONS] PATH|- CONTAINER:PATH",
  summary: "Copy files between a container and this machine, or a tar",
  flags: {
    archive: {
      short: "a",
      doc: "Keep the owners of files; else they are root's in a container, and yours here",
    },
    "follow-link": { short: "L", doc: "Copy what a symlink leads to that is named itself" },
    quiet: { short: "q", doc: "Print nothing, which is so without it" },
  },
  operands: { min: 2, max: 2, name: "CONTAINER:PATH or FILE" },
  examples: [
    ["tsbuild cp web:/etc/nginx/nginx.conf .", "takes a file out of a container"],
    ["tsbuild cp site/. web:/srv", "puts what a directory has into one that is there"],
    ["tsbuild cp web:/var/log - | tar -t", "lists a directory, as a tar"],
  ],
  async execute(flags, [from = "", to = ""], session) {
    const { io, signal } = session;
    const [source, target] = [endOf(from), endOf(to)];
    if (target.kind === "tar" && io.stdout.isTTY)
      throw usageError("cp", "Cannot write a tar to a terminal", "write it to a file: > FILE.tar");
    return withStore(session, async ({ containers }) => {
      await containers.copy(source, target, {
        follow: flags["follow-link"],
        archive: flags.archive,
        input: () => {
          session.restore.add(() => io.stdin.close());
          return io.stdin.read();
        },
        output: (chunk) => io.stdout.write(chunk),
        signal,
      });
      return 0;
    });
  },
});

/** As docker reads it: a path with a colon in it is written as /PATH or ./PATH. */
function endOf(text: string): CopyEnd {
  if (text === "-") return { kind: "tar" };
  const colon = text.indexOf(":");
  if (colon < 0 || /^[./]/.test(text)) {
    if (text === "") throw usageError("cp", "Cannot copy files: a path is empty");
    return { kind: "host", path: text };
  }
  const [container, path] = [text.slice(0, colon), text.slice(colon + 1)];
  if (container === "" || path === "")
    throw usageError("cp", `Cannot copy ${text}: it is not CONTAINER:PATH`);
  return { kind: "container", container, path };
}
