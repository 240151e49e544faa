import { readdirSync, readFileSync } from "node:fs";

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

/** Resolves when no process names a path any more: a test that waits for ever fails by its runner's time. */
export async function nobodyNames(path: string): Promise<void> {
  while (processesNaming(path).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
