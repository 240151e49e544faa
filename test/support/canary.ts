import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A tree that must not change, whatever a Dockerfile does; anybody may write to its file. */
export function canaryIn(directory: string): string {
  const canary = mkdtempSync(join(directory, "canary-"));
  for (const name of ["er/dir", "dev", "proc", "sys"]) mkdirSync(join(canary, name), { recursive: true });
  writeFileSync(join(canary, "alive"), "alive", { mode: 0o666 });
  return canary;
}
