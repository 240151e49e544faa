import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bytesFrom, type Bytes } from "../../core/bytes.ts";
import { parentOf } from "../../core/paths.ts";
import { GitFailure, runGit, type GitHost } from "./git.ts";

/** Whether a directory is in the working tree of a repository. A look at the disk: most builds need not start git. */
export function inWorkingTree(directory: string): boolean {
  for (let at = resolve(directory); ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return true;
    if (at === dirname(at)) return false;
  }
}

/** When the commit that a directory is a checkout of was made, in seconds since 1970; undefined without one. */
export async function commitTime(directory: string, host: GitHost): Promise<number | undefined> {
  const commit = await ask(directory, ["cat-file", "commit", "HEAD"], host);
  const time = /^committer .*> (\d+) [+-]\d+$/m.exec(
    commit?.toString("latin1").split("\n\n", 1)[0] ?? "",
  )?.[1];
  return time === undefined ? undefined : Number(time);
}

/** What git tracks below a directory: files, relative to it, and the directories that they are in. */
export async function trackedPaths(
  directory: string,
  host: GitHost,
): Promise<ReadonlySet<Bytes> | undefined> {
  const list = ["ls-files", "-z", "--cached"];
  const output =
    (await ask(directory, [...list, "--recurse-submodules"], host)) ?? (await ask(directory, list, host));
  if (output === undefined) return undefined;
  const paths = new Set<Bytes>();
  for (const path of bytesFrom(output).split("\0") as Bytes[]) {
    if (path === "") continue;
    paths.add(path);
    for (let parent = parentOf(path); !paths.has(parent); parent = parentOf(parent)) paths.add(parent);
  }
  return paths;
}

/**
 * Asks the repository that a directory is in; undefined where git says no. The repository may be another user's: nothing
 * that it could configure is run for a look at its index and its objects, so git's safe.directory stands in the way.
 */
async function ask(directory: string, args: readonly string[], host: GitHost): Promise<Buffer | undefined> {
  try {
    return await runGit(["-c", "safe.directory=*", "-C", resolve(directory), ...args], {}, host);
  } catch (error) {
    if (error instanceof GitFailure) return undefined;
    throw error;
  }
}
