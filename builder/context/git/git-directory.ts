import { rmSync } from "node:fs";
import { join } from "node:path";
import { runGit, withoutCredentials, type GitHost } from "./git.ts";

/** Makes the repository that a commit was fetched into one to keep: a detached HEAD, an index, and no trace of ours. */
export async function keepGitDirectory(
  repository: string,
  remote: string,
  commit: string,
  host: GitHost,
): Promise<void> {
  await runGit(["update-ref", "--no-deref", "HEAD", commit], { repository }, host);
  await runGit(["read-tree", commit], { repository }, host);
  await runGit(["config", "remote.origin.url", withoutCredentials(remote)], { repository }, host);
  await runGit(
    ["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"],
    { repository },
    host,
  );
  await runGit(["update-ref", "-d", "refs/tsbuild/commit"], { repository }, host);
  for (const name of ["FETCH_HEAD", "logs", "hooks"])
    rmSync(join(repository, name), { recursive: true, force: true });
}
