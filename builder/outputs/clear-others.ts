import { existsSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { toFsPath, type Bytes } from "../core/bytes.ts";
import { TsbuildError } from "../core/errors.ts";
import { joinPath } from "../core/paths.ts";

/** Where a file of the result lies on the host. */
export function at(root: string, path: Bytes): string | Buffer {
  const inside = toFsPath(path);
  return typeof inside === "string" ? join(root, inside) : Buffer.concat([Buffer.from(`${root}/`), inside]);
}

/** A slip of the pen must not empty the directory that one works in, or the whole disk. */
export function refuseToClear(root: string, dest: string): void {
  const real = existsSync(root) ? realpathSync(root) : root;
  if (!`${process.cwd()}/`.startsWith(real === "/" ? real : `${real}/`)) return;
  throw new TsbuildError(
    "USAGE",
    `Cannot use --output mode=delete with "${dest}": it would remove the directory that you are in`,
    { hint: "name a directory of its own, as in dest=out" },
  );
}

/** Removes what lies below a directory and is not among these paths; symlinks are removed, never followed. */
export function clearOthers(root: string, keep: ReadonlySet<Bytes>): void {
  const pending = ["" as Bytes];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const entry of readdirSync(at(root, directory), { withFileTypes: true, encoding: "latin1" })) {
      const path = joinPath(directory, entry.name);
      if (!keep.has(path)) rmSync(at(root, path), { recursive: true, force: true });
      else if (entry.isDirectory()) pending.push(path);
    }
  }
}
