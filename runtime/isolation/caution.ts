import type { Isolation } from "./probe.ts";

/** What a level of isolation does not do that whoever runs steps would expect: said once in the log. */
export function cautionOf({ level, missing }: Isolation): string | undefined {
  const [obstacle] = missing;
  const why = obstacle === undefined ? "" : `: ${obstacle.what}${obstacle.fix && ` (${obstacle.fix})`}`;
  if (level === "single")
    return `files are this user's on disk, whoever the image gives them to: layers record the owners, and the image's users can read each other's files${why}`;
  if (level === "chroot")
    return `steps share processes, network and memory with this container, and are held in their root filesystem by chroot alone${why}`;
  return undefined;
}
