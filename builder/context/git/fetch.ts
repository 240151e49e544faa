import { rmSync } from "node:fs";
import { join } from "node:path";
import { printable, type Bytes } from "../../core/bytes.ts";
import { TsbuildError } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { gitAuthorization, type SecretOf } from "../../net/source-auth.ts";
import type { Store } from "../../store/types.ts";
import type { EntryTree } from "../entry-tree.ts";
import { loadCheckout, saveCheckout } from "./checkout-record.ts";
import { buildCheckout } from "./checkout.ts";
import { GitFailure, gitError, runGit, withoutCredentials, type GitHost } from "./git.ts";
import { keepGitDirectory } from "./git-directory.ts";
import { listCommit, type TreeItem } from "./objects.ts";
import { resolveRef, type Resolved } from "./resolve.ts";
import { submoduleUrls } from "./submodules.ts";
import type { GitRequest } from "./types.ts";

export interface GitOptions extends Omit<GitHost, "authorization"> {
  readonly store: Store;
  /** Secrets that tell how to authorize. */
  readonly secretOf: SecretOf;
}

/** Submodules of submodules, and all of them together: more would be a loop or an attack. */
const MAX_DEPTH = 10;
const MAX_SUBMODULES = 1000;

/** The files of a commit. A commit that was fetched before costs the question what its ref leads to, or nothing. */
export async function fetchGit(request: GitRequest, { secretOf, ...given }: GitOptions): Promise<EntryTree> {
  const { store } = given;
  const options = { ...given, authorization: gitAuthorization(request.remote, secretOf) };
  const resolved = await resolveRef(request, options);
  const known = loadCheckout(store, request, resolved.commit);
  if (known !== undefined) return known;
  const directory = store.tempPath("git");
  try {
    const repository = await openRepository(directory, resolved.commit, options);
    await fetchCommit(repository, request.remote, resolved, options);
    const items = inSubdir(
      await new Collector(repository, request, options).collect(resolved.commit),
      request,
    );
    const wantsGit = request.keepGitDir && request.subdir === undefined;
    if (wantsGit) await keepGitDirectory(repository, request.remote, resolved.commit, options);
    const checkout = await buildCheckout(items, {
      repository,
      commit: resolved.commit,
      gitDirectory: wantsGit ? repository : undefined,
      ...options,
    });
    saveCheckout(store, request, resolved.commit, checkout);
    return checkout.tree;
  } catch (error) {
    throw gitError(request.remote, error);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function openRepository(directory: string, commit: string, host: GitHost): Promise<string> {
  // Gits before 2.29 know SHA-1 alone, and not the flag.
  const format = commit.length === 64 ? ["--object-format=sha256"] : [];
  await runGit(["init", "--quiet", "--template=", ...format, "--", directory], {}, host);
  return join(directory, ".git");
}

/** Only the commit itself, where the server lets us; else its branch, its tag or everything. */
async function fetchCommit(
  repository: string,
  remote: string,
  resolved: Resolved,
  host: GitHost,
): Promise<void> {
  const { object, name } = resolved;
  const target = name?.startsWith("refs/") === true ? name : "refs/tsbuild/commit";
  const one = `+${object}:${target}`;
  const all = ["+refs/heads/*:refs/tsbuild/heads/*", "+refs/tags/*:refs/tsbuild/tags/*"];
  const tries = [
    ["--depth=1", [one]],
    ...(name === undefined ? [] : [["--depth=1", [`+${name}:${target}`]] as const]),
    ["--update-shallow", all],
  ] as const;
  let failure: unknown;
  for (const [depth, refspecs] of tries) {
    const args = [
      "fetch",
      "--quiet",
      depth,
      "--no-tags",
      "--update-head-ok",
      "--",
      withoutCredentials(remote),
    ];
    try {
      await runGit([...args, ...refspecs], { repository, remote }, host);
      await runGit(["cat-file", "-e", `${resolved.commit}^{commit}`], { repository }, host);
      return;
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      failure ??= error;
      const mayHelp = /shallow|depth|not our ref|unadvertised|does not allow|Not a valid object|^$/i.test(
        error.stderr,
      );
      if (!mayHelp) break;
    }
  }
  throw gitError(remote, failure);
}

/** Lists a commit with its submodules, which are fetched into the same repository. */
class Collector {
  readonly #repository: string;
  readonly #request: GitRequest;
  readonly #host: GitHost;
  #submodules = 0;

  constructor(repository: string, request: GitRequest, host: GitHost) {
    this.#repository = repository;
    this.#request = request;
    this.#host = host;
  }

  collect(commit: string): Promise<TreeItem[]> {
    return this.#list(commit, "" as Bytes, this.#request.remote, 0);
  }

  async #list(commit: string, prefix: Bytes, remote: string, depth: number): Promise<TreeItem[]> {
    const items = await listCommit(this.#repository, commit, prefix, this.#host);
    const links = items.filter(({ type, path }) => type === "submodule" && this.#isWanted(path));
    const hasUrls = items.some(({ path }) => path === `${prefix === "" ? "" : `${prefix}/`}.gitmodules`);
    if (links.length === 0 || !hasUrls || !this.#request.submodules) return items;
    this.#submodules += links.length;
    if (depth >= MAX_DEPTH || this.#submodules > MAX_SUBMODULES) {
      throw new TsbuildError(
        "UNSUPPORTED",
        `Cannot fetch from ${redact(remote)}: it has too many submodules`,
        {
          hint: "leave them out with ?submodules=false",
        },
      );
    }
    const urls = await submoduleUrls(this.#repository, commit, remote, this.#host);
    const inside: TreeItem[][] = [];
    for (const { path, object } of links) {
      const url = urls.get((prefix === "" ? path : path.slice(prefix.length + 1)) as Bytes);
      // As git clone leaves it: a directory with nothing in it.
      if (url === undefined) continue;
      await fetchCommit(this.#repository, url, { commit: object, object, name: undefined }, this.#host);
      inside.push(await this.#list(object, path, url, depth + 1));
    }
    return [...items, ...inside.flat()];
  }

  #isWanted(path: Bytes): boolean {
    const { subdir } = this.#request;
    return (
      subdir === undefined ||
      `${path}/`.startsWith(`${subdirBytes(subdir)}/`) ||
      `${subdirBytes(subdir)}/`.startsWith(`${path}/`)
    );
  }
}

/** What is in the directory that was asked for: each part of its path is a real directory (GHSA-4vrq-3vrq-g6gg). */
function inSubdir(items: readonly TreeItem[], { subdir, remote }: GitRequest): readonly TreeItem[] {
  if (subdir === undefined) return items;
  const top = subdirBytes(subdir);
  const found = items.find(({ path }) => path === top);
  if (found?.type !== "tree" && found?.type !== "submodule") {
    const state = found === undefined ? "the commit has no such directory" : `it is a ${found.type}`;
    throw new TsbuildError(
      "CONTEXT_NOT_FOUND",
      `Cannot use directory "${printable(top)}" of ${redact(remote)}: ${state}`,
    );
  }
  const prefix = `${top}/`;
  return items
    .filter(({ path }) => path.startsWith(prefix))
    .map((item) => ({ ...item, path: item.path.slice(prefix.length) as Bytes }));
}

function subdirBytes(subdir: string): Bytes {
  return Buffer.from(subdir, "utf8").toString("latin1") as Bytes;
}
