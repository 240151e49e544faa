import { TsbuildError } from "../core/errors.ts";
import type { RunExit } from "../../runtime/types.ts";

/** The exit status of a command in a container; 126 and 127, as errors, where it could not be started. */
export function statusOf(exit: RunExit, command: string): number {
  if (exit.failure === undefined) return exit.code;
  const state =
    exit.failure === "not-found"
      ? "it was not found in the image"
      : `it cannot be executed (${exit.message?.replace(/^Cannot execute '.*': /, "") ?? "permission denied"})`;
  throw new TsbuildError("RUN_FAILED", `Cannot run "${command}": ${state}`, { exitCode: exit.code });
}
