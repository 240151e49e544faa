import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The version in the package's own package.json, which lies above the compiled files. */
export function version(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  return version;
}
