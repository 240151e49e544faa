import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import type { EntryTree } from "../../../builder/context/entry-tree.ts";
import { fetchGit } from "../../../builder/context/git/fetch.ts";
import type { GitRequest } from "../../../builder/context/git/types.ts";
import { sha256 } from "../../../builder/core/digest.ts";
import { readRange } from "../../../builder/core/read-range.ts";
import { scratchStore, type ScratchStore } from "../../store/scratch.ts";
import { COMMIT_TIME, openGitServer, type GitServer } from "../../support/git-server.ts";

/** A server with an empty repository `a.git`, and a store to fetch into. */
export interface Bench extends AsyncDisposable {
  readonly server: GitServer;
  readonly scratch: ScratchStore;
  get(request: Partial<GitRequest>, repository?: string): Promise<EntryTree>;
}

export async function openBench(): Promise<Bench> {
  const server = await openGitServer();
  const scratch = scratchStore();
  server.create("a.git");
  return {
    server,
    scratch,
    get: (request, repository = "a.git") =>
      fetchGit(
        { remote: server.url(repository), keepGitDir: false, submodules: true, ...request },
        {
          store: scratch.store,
          env: { PATH: process.env["PATH"] },
          signal: new AbortController().signal,
          secretOf: () => undefined,
        },
      ),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await scratch.store.close();
      assert.deepEqual(leftovers(scratch.root), []);
      scratch[Symbol.dispose]();
    },
  };
}

function leftovers(root: string): string[] {
  return existsSync(`${root}/tmp`) ? readdirSync(`${root}/tmp`) : [];
}

/** `path mode text`; times are those of the commit. */
export function lines(tree: EntryTree): string[] {
  return [...tree.entries()].flatMap(([entry, body]) => {
    assert.equal(entry.mtime, COMMIT_TIME);
    assert.deepEqual([entry.uid, entry.gid], [0, 0]);
    if (entry.type === "directory")
      return entry.path === "" ? [] : [`${entry.path}/ ${entry.mode.toString(8)}`];
    if (entry.type === "symlink") return [`${entry.path} -> ${entry.link}`];
    const content = body?.content;
    const text = content?.kind === "range" ? readRange(content.path, content.offset, content.size) : "";
    assert.equal(body?.digest, sha256(text));
    return [`${entry.path} ${entry.mode.toString(8)} ${text.toString()}`];
  });
}

/** Commits a submodule and the .gitmodules that names it. */
export function withSubmodule(
  server: GitServer,
  repository: string,
  path: string,
  url: string,
  commit: string,
): string {
  const modules = `[submodule "m"]\n\tpath = ${path}\n\turl = ${url}\n`;
  const blob = server.git(repository, ["hash-object", "-w", "--stdin"], modules);
  server.git(repository, ["read-tree", "--empty"]);
  server.git(repository, ["update-index", "--add", "--cacheinfo", `100644,${blob},.gitmodules`]);
  server.git(repository, ["update-index", "--add", "--cacheinfo", `160000,${commit},${path}`]);
  const tree = server.git(repository, ["write-tree"]);
  const made = server.git(repository, ["commit-tree", tree, "-m", "m"]);
  server.git(repository, ["update-ref", "refs/heads/main", made]);
  return made;
}
