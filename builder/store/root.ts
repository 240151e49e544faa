import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where the store is: TSBUILD_ROOT, else /var/lib/tsbuild for root and $XDG_DATA_HOME/tsbuild for everybody else. */
export function storeRoot(env: NodeJS.ProcessEnv, uid: number | undefined = process.getuid?.()): string {
  if (env["TSBUILD_ROOT"]) return resolve(env["TSBUILD_ROOT"]);
  if (uid === 0) return "/var/lib/tsbuild";
  // XDG Base Directory Specification: a relative path is invalid and to be ignored.
  const data = env["XDG_DATA_HOME"];
  if (data?.startsWith("/")) return join(data, "tsbuild");
  return join(env["HOME"] || homedir(), ".local/share/tsbuild");
}
