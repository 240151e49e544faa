import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Command lines of processes that name a path: a program that outlived its build has the store's in its own. */
export function processesNaming(path: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
        return line.includes(path) ? [line] : [];
      } catch {
        return [];
      }
    });
}

const PATIENCE = 120_000;

/** Resolves when no process names a path any more; throws with those that do after two minutes. */
export async function nobodyNames(path: string): Promise<void> {
  for (const began = Date.now(); ; await delay(20)) {
    const left = processesNaming(path);
    if (left.length === 0) return;
    if (Date.now() - began > PATIENCE) throw new Error(`still there: ${left.join("\n")}`);
  }
}
