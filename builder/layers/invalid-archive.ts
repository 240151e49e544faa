import { TsbuildError } from "../core/errors.ts";

/** What is wrong with an archive. */
export function invalid(state: string, cause?: unknown): TsbuildError {
  return new TsbuildError("ARCHIVE_INVALID", `Cannot read the archive: ${state}`, { cause });
}
