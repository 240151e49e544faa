import { shortDigest } from "../../core/digest.ts";
import { TsbuildError } from "../../core/errors.ts";
import type { BuildResult } from "../../types.ts";
import { command } from "../command.ts";
import { failureMetadata, resultMetadata, writeResultFile } from "../result-files.ts";
import { progressMode } from "../values.ts";
import { withProgress } from "../with-tsbuild.ts";
import { BUILD_FLAGS, MISSING_BUILD_FLAGS } from "./build-flags.ts";
import { buildRequest } from "./build-request.ts";

/** `tsbuild build`. */
export const buildCommand = command({
  name: "build",
  usage: "[build] [OPTIONS] PATH",
  summary: "Build an image from a Dockerfile",
  flags: BUILD_FLAGS,
  missing: MISSING_BUILD_FLAGS,
  operands: { min: 1, max: 1, name: "PATH" },
  examples: [
    ["tsbuild -t app .", "builds the Dockerfile of this directory and names the result app:latest"],
    ["tsbuild -t ghcr.io/me/app:1.2 --push .", "builds and pushes"],
    ["tsbuild --target test --build-arg NODE_ENV=ci .", "builds one stage, with a build argument"],
    ["tsbuild -o out .", "writes the files of the last stage to the directory out"],
    ["tsbuild -q -o type=oci,dest=app.tar .", "writes an OCI archive and prints the image id alone"],
  ],
  async execute(flags, [context = ""], session) {
    const request = buildRequest(flags, context, session.io);
    const mode = flags.quiet ? "quiet" : progressMode("build", flags.progress);
    const metadata = flags["metadata-file"];
    let result: BuildResult;
    try {
      result = await withProgress(session, mode, "Building", (tsbuild, emit) =>
        tsbuild.build({ ...request, signal: session.signal, emit }),
      );
    } catch (error) {
      if (metadata !== undefined && error instanceof TsbuildError) {
        writeResultFile("--metadata-file", metadata, failureMetadata(error));
      }
      throw error;
    }
    if (metadata !== undefined) writeResultFile("--metadata-file", metadata, resultMetadata(result));
    if (flags.iidfile !== undefined && result.imageId !== undefined) {
      writeResultFile("--iidfile", flags.iidfile, result.imageId);
    }
    if (flags.quiet && result.imageId !== undefined) session.io.stdout.write(`${result.imageId}\n`);
    if (mode !== "quiet") session.io.stderr.write(`${summary(result)}\n`);
    return 0;
  },
});

function summary(result: BuildResult): string {
  const image = [...result.names, ...(result.imageId === undefined ? [] : [shortDigest(result.imageId)])];
  const what = image.length === 0 ? "the result" : image.join(" ");
  return `Built ${what}: ${result.ran} ${result.ran === 1 ? "step" : "steps"} run, ${result.cached} cached`;
}
