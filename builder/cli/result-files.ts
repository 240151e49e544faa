import { renameSync, rmSync, writeFileSync } from "node:fs";
import { errnoOf, messageOf, TsbuildError } from "../core/errors.ts";
import type { BuildResult } from "../types.ts";

/** Writes a file as a whole: who waits for it to appear never reads half of it. */
export function writeResultFile(flag: string, path: string, text: string): void {
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

/** --metadata-file of a build that succeeded: buildx's keys. */
export function resultMetadata(result: BuildResult): string {
  return json({
    "containerimage.config.digest": result.imageId,
    "containerimage.digest": result.digest,
    "image.name": result.names.length === 0 ? undefined : result.names.join(","),
  });
}

/** --metadata-file of a build that failed: scripts read the exit code of the RUN from it. */
export function failureMetadata(error: TsbuildError): string {
  return json({
    "tsbuild.error": { code: error.code, message: error.message, exitCode: error.exitCode },
  });
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
