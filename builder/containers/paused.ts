import { existsSync } from "node:fs";

/** Where it is noted that a container is paused, and by which control group. */
export function pausedFile(directory: string): string {
  return `${directory}/paused`;
}

/** Whether a container that runs is paused. */
export function isPaused(directory: string): boolean {
  return existsSync(pausedFile(directory));
}
