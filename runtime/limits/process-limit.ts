import type { ResourceLimit } from "../types.ts";
import { wordsOf } from "./files.ts";

/** RLIMIT_NPROC (setrlimit(2)). */
export const PROCESS_COUNT = 6;

/**
 * Stands in for a limit of the pids controller in a user namespace, where the kernel counts the processes of each user in
 * it; undefined for root of the machine, whom that limit does not hold. It cannot be more than what this process has.
 */
export function processLimit(
  most: number,
  uid: number | undefined = process.getuid?.(),
): ResourceLimit | undefined {
  if (uid === 0 || !Number.isFinite(most)) return undefined;
  const words = wordsOf("/proc/self/limits");
  // Max processes SOFT HARD processes
  const at = words.findIndex((word, index) => word === "Max" && words[index + 1] === "processes");
  const hard = at < 0 ? Number.NaN : Number(words[at + 3]);
  const limit = Number.isFinite(hard) ? Math.min(most, hard) : most;
  return { resource: PROCESS_COUNT, soft: limit, hard: limit };
}
