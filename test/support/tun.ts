import { chmodSync, existsSync, statSync } from "node:fs";
import { alone } from "./alone.ts";

const TUN = "/dev/net/tun";

/** Runs `work` while everybody may open /dev/net/tun, as on most systems; no other test changes it meanwhile. */
export async function withTun<T>(work: () => Promise<T>): Promise<T> {
  if (!existsSync(TUN)) return work();
  return alone(TUN, async () => {
    const { mode } = statSync(TUN);
    chmodSync(TUN, 0o666);
    try {
      return await work();
    } finally {
      chmodSync(TUN, mode & 0o7777);
    }
  });
}
