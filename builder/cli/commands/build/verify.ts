import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { progressMode } from "../../values.ts";
import { withProgress } from "../../with-tsbuild.ts";
import { BUILD_FLAGS } from "./build-flags.ts";
import { buildRequest } from "./build-request.ts";
import { isJson, showComparison } from "../images/diff.ts";

/** What these flags of a build ask for is not made here. */
const WITHOUT_RESULT = [
  "output",
  "push",
  "cache-to",
  "iidfile",
  "metadata-file",
  "attest",
  "provenance",
  "sbom",
  "lock",
  "update-lock",
  "check",
  "call",
  "print",
  "dry-run",
] as const;

/** `tsbuild verify`. */
export const verifyCommand = command({
  name: "verify",
  usage: "verify [OPTIONS] PATH",
  summary: "Build twice, and say what makes the two builds differ",
  flags: {
    ...BUILD_FLAGS,
    against: { value: "IMAGE", doc: "Hold the build against this image, not against a build with the cache" },
    format: { value: "FORMAT", doc: "Print text or json", default: "text" },
  },
  borrows: { name: "build", flags: BUILD_FLAGS },
  operands: { min: 1, max: 1, name: "PATH" },
  examples: [
    [
      "SOURCE_DATE_EPOCH=0 tsbuild verify .",
      "ends with 0 where a rebuild gives the same digest, else with 1",
    ],
    [
      "tsbuild verify --against ghcr.io/me/app:1.2 --build-arg SOURCE_DATE_EPOCH=context .",
      "checks a release",
    ],
  ],
  async execute(flags, [context = ""], session) {
    const { against } = flags;
    for (const name of WITHOUT_RESULT) {
      const given: string | boolean | readonly string[] | undefined = flags[name];
      if (given === undefined || given === false || (Array.isArray(given) && given.length === 0)) continue;
      throw usageError(
        "verify",
        `Cannot use --${name}: verify keeps nothing of what it builds`,
        "leave it out",
      );
    }
    const json = isJson("verify", flags.format);
    const request = await buildRequest(flags, context, session.io);
    const mode = flags.quiet || json ? "quiet" : progressMode("verify", flags.progress);
    const compared = await withProgress(session, mode, "Verifying", (tsbuild, emit) =>
      tsbuild.verify({
        ...request,
        ...(against === undefined ? {} : { against }),
        signal: session.signal,
        emit,
      }),
    );
    if (!flags.quiet) await showComparison(compared, json, session);
    return compared.difference.equal ? 0 : 1;
  },
});
