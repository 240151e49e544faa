import type { BuildResult } from "../../../api/types.ts";
import { command } from "../../command.ts";
import type { BuildReport } from "./write-report.ts";
import type { ResultFiles } from "./result-files.ts";
import type { FlagValues } from "../../types.ts";
import { progressMode } from "../../values.ts";
import { withProgress } from "../../with-tsbuild.ts";
import { BUILD_FLAGS, MISSING_BUILD_FLAGS } from "./build-flags.ts";
import { buildRequest } from "./build-request.ts";
import { fromKaniko } from "./kaniko.ts";

/** `tsbuild build`. */
export const buildCommand = command({
  name: "build",
  usage: "[build] [OPTIONS] PATH",
  summary: "Build an image from a Dockerfile",
  flags: BUILD_FLAGS,
  missing: MISSING_BUILD_FLAGS,
  operands: { min: 0, max: 1, name: "PATH" },
  examples: [
    ["tsbuild -t app .", "builds the Dockerfile of this directory and names the result app:latest"],
    ["tsbuild -t ghcr.io/me/app:1.2 --push .", "builds and pushes"],
    ["tsbuild --target test --build-arg NODE_ENV=ci .", "builds one stage, with a build argument"],
    ["tsbuild -o out .", "writes the files of the last stage to the directory out"],
    ["tsbuild --check .", "says what is wrong with the Dockerfile, and builds nothing"],
    ["tsbuild -q -o type=oci,dest=app.tar .", "writes an OCI archive and prints the image id alone"],
  ],
  async execute(given, [path], session) {
    const [flags, context] = fromKaniko(given, path);
    const request = await buildRequest(flags, context, session.io);
    const mode = flags.quiet ? "quiet" : progressMode("build", flags.progress);
    const call =
      flags.check || flags.call !== undefined || flags.print !== undefined || flags["dry-run"] !== undefined;
    if (call) {
      const { answer, readCall } = await import("./call.ts");
      const asked = readCall(flags);
      if (asked !== undefined) {
        const shown = mode === "rawjson" ? mode : "quiet";
        return withProgress(session, shown, "", (tsbuild, emit) => {
          const options = {
            ...request,
            emit,
            get signal() {
              return session.signal;
            },
          };
          return answer(asked, tsbuild, options, session);
        });
      }
    }
    const files = await resultFiles(flags);
    const report = await buildReport(flags.report, context);
    const watched = report === undefined ? request : { ...request, explain: true };
    // Not `performance`, which takes a millisecond to load.
    const began = process.uptime();
    let result: BuildResult;
    try {
      result = await withProgress(
        session,
        mode,
        "Building",
        (tsbuild, emit) => {
          const heard = report?.watching(emit, flags.explain) ?? emit;
          return tsbuild.build({ ...watched, signal: session.signal, emit: heard });
        },
        { timestamps: flags.timestamps },
      );
    } catch (error) {
      files?.failed(error);
      report?.failed(error);
      throw error;
    }
    files?.succeeded(result);
    report?.succeeded(result);
    const id = result.imageId ?? result.digest;
    if (flags.quiet && id !== undefined) session.io.stdout.write(`${id}\n`);
    if (mode === "rawjson") session.io.stderr.write(resultLine(result));
    else if (mode !== "quiet") {
      const { buildSummary } = await import("./build-summary.ts");
      session.io.stderr.write(`${buildSummary(result, (process.uptime() - began) * 1000, flags.push)}\n`);
    }
    return 0;
  },
});

async function resultFiles(flags: FlagValues<typeof BUILD_FLAGS>): Promise<ResultFiles | undefined> {
  const { iidfile } = flags;
  const metadata = flags["metadata-file"];
  const digestFile = flags["digest-file"];
  if (iidfile === undefined && metadata === undefined && digestFile === undefined) return undefined;
  return new (await import("./result-files.ts")).ResultFiles({ iidfile, metadata, digestFile });
}

async function buildReport(path: string | undefined, context: string): Promise<BuildReport | undefined> {
  return path === undefined ? undefined : new (await import("./write-report.ts")).BuildReport(path, context);
}

/** The line with which a build that succeeded ends --progress=rawjson. */
function resultLine(result: BuildResult): string {
  return `${JSON.stringify({ type: "result", ...result, time: Date.now() })}\n`;
}
