import type { ContextPath } from "../../../api/context-report.ts";
import { command } from "../../command.ts";
import { parseFlags, usageError } from "../../flags.ts";
import { outputFormat } from "../../values.ts";
import { withStore } from "../../with-tsbuild.ts";
import { BUILD_FLAGS } from "./build-flags.ts";
import { buildRequest } from "./build-request.ts";
import { contextJson, contextText, fileList, pathText } from "./context-text.ts";

/** `tsbuild context`. */
export const contextCommand = command({
  name: "context",
  usage: "context ls [OPTIONS] [PATH]",
  summary: "Show what COPY can take, what is ignored, and by which line",
  flags: {
    file: { ...BUILD_FLAGS.file, group: "Options" },
    why: { value: "PATH", doc: "Say of one path whether it is ignored, and by which line" },
    all: { short: "a", doc: "List every file that COPY can take, its size before it" },
    format: { value: "FORMAT", choices: ["text", "json"], doc: "Print text or json", default: "text" },
  },
  operands: { min: 1, max: 2, name: "ls", first: ["ls"] },
  examples: [
    ["tsbuild context ls .", "sums the context up: the largest parts, what is ignored, likely mistakes"],
    ["tsbuild context ls --why node_modules/x.js .", "says which line of .dockerignore hides a file"],
    ["tsbuild context ls -a . | sort -n | tail", "lists the largest files"],
  ],
  async execute(flags, [verb, path = "."], session) {
    if (verb !== "ls")
      throw usageError("context", `Cannot run "context ${verb}": there is only "context ls"`);
    const format = outputFormat("context", flags.format);
    const { why } = flags;
    const { values } = parseFlags({ ...BUILD, flags: BUILD_FLAGS }, []);
    const request = await buildRequest({ ...values, file: flags.file }, path, session.io);
    const options = { ...request, signal: session.signal };
    return withStore(session, async (tsbuild, emit) => {
      const { stdout } = session.io;
      if (why !== undefined) {
        const answer = await tsbuild.contextPath(why, { ...options, emit });
        stdout.write(format === "json" ? contextJson(answer) : pathText(answer));
        return statusOf(answer);
      }
      const report = await tsbuild.context({ ...options, emit });
      if (format === "json") stdout.write(contextJson(report));
      else stdout.write(flags.all ? fileList(report) : contextText(report));
      return 0;
    });
  },
});

/** A build without flags. */
const BUILD = { name: "build", usage: "build", operands: { min: 0, max: 0, name: "" } };

function statusOf({ verdict }: ContextPath): number {
  return verdict === "missing" ? 1 : 0;
}
