import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf } from "../../builder/core/errors.ts";
import { isGone, newSessionName, parseSessionName } from "../../builder/store/session.ts";

const POLL_MS = 50;

/**
 * A lock between processes: a file with the name of the session that holds it. Node has no flock(2); a holder that died
 * is known by its process id, start time and pid namespace, and what it held is taken over.
 */
export async function lockFile(path: string, signal: AbortSignal): Promise<Disposable> {
  for (;;) {
    const lock = tryLockFile(path);
    if (lock !== undefined) return lock;
    await delay(POLL_MS, undefined, { signal });
  }
}

/** The lock, or undefined where somebody who lives has it. */
export function tryLockFile(path: string): Disposable | undefined {
  const own = newSessionName();
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(path, own, { flag: "wx" });
      return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    if (!isAbandoned(path)) return undefined;
    rmSync(path, { force: true });
  }
  return undefined;
}

function isAbandoned(path: string): boolean {
  try {
    const session = parseSessionName(readFileSync(path, "utf8"));
    return session !== undefined && isGone(session);
  } catch {
    // Released meanwhile: the next attempt will tell.
    return true;
  }
}
