import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, messageOf, TsbuildError } from "../../../core/errors.ts";
import type { BuildResult } from "../../../api/types.ts";

/** Paths, where they are wanted. */
interface Paths {
  readonly iidfile: string | undefined;
  readonly metadata: string | undefined;
  readonly digestFile: string | undefined;
}

/** What a build leaves for scripts to read: --iidfile, --digest-file and --metadata-file. */
export class ResultFiles {
  readonly #paths: Paths;

  /** An image id of an earlier build must not be taken for this one's: it goes before the build begins, as docker does. */
  constructor(paths: Paths) {
    this.#paths = paths;
    checkPlace("--iidfile", paths.iidfile);
    checkPlace("--metadata-file", paths.metadata);
    checkPlace("--digest-file", paths.digestFile);
    for (const path of [paths.iidfile, paths.digestFile]) {
      if (path !== undefined) rmSync(path, { force: true });
    }
  }

  /** buildx's keys. */
  succeeded(result: BuildResult): void {
    const { iidfile, digestFile, metadata } = this.#paths;
    const names = result.names.length === 0 ? undefined : result.names.join(",");
    if (metadata !== undefined) {
      writeWhole("--metadata-file", metadata, {
        "containerimage.config.digest": result.imageId,
        "containerimage.descriptor": result.descriptor,
        "containerimage.digest": result.digest,
        "image.name": names,
      });
    }
    // As buildx does: several images have no id in common, but a digest.
    const id = result.imageId ?? result.digest;
    if (iidfile !== undefined && id !== undefined) writeWhole("--iidfile", iidfile, id);
    if (digestFile !== undefined && result.digest !== undefined) {
      writeWhole("--digest-file", digestFile, result.digest);
    }
  }

  /** Scripts read the exit code of the RUN from it. */
  failed(error: unknown): void {
    const { metadata } = this.#paths;
    if (metadata === undefined || !(error instanceof TsbuildError)) return;
    const { code, message, exitCode } = error;
    writeWhole("--metadata-file", metadata, { "tsbuild.error": { code, message, exitCode } });
  }
}

/** What a build cannot leave at its end is said at its beginning. */
export function checkPlace(flag: string, path: string | undefined): void {
  if (path === undefined || existsSync(dirname(path))) return;
  throw new TsbuildError("USAGE", `Cannot write ${flag} ${path}: there is no directory "${dirname(path)}"`);
}

/** Writes a file as a whole: who waits for it to appear never reads half of it. */
export function writeWhole(flag: string, path: string, content: string | object): void {
  const text = typeof content === "string" ? content : `${JSON.stringify(content, undefined, 2)}\n`;
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new TsbuildError(
      errnoOf(cause) === "ENOSPC" ? "DISK_FULL" : "USAGE",
      `Cannot write ${flag} ${path}: ${messageOf(cause)}`,
      { cause },
    );
  }
}
