/** What is said of a step that waits. */
export const WAITING = {
  build: "waiting for another build that runs the same step",
  slot: "waiting: as many steps run as --jobs lets",
} as const;
