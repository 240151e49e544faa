import { TsbuildError } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { didYouMean } from "../../core/suggest.ts";
import { isCommit } from "../../net/git-url.ts";
import { gitError, runGit, withoutCredentials, type GitHost } from "./git.ts";
import type { GitRequest } from "./types.ts";

/** What a ref leads to now. */
export interface Resolved {
  readonly commit: string;
  /** What the ref itself names: an annotated tag's own object, else the commit. */
  readonly object: string;
  /** The ref's full name; undefined where the commit itself was asked for. */
  readonly name: string | undefined;
}

/** Asks a remote for the commit of a ref: one small request, and none for a commit that is written in full. */
export async function resolveRef(
  request: Pick<GitRequest, "remote" | "ref" | "checksum">,
  host: GitHost,
): Promise<Resolved> {
  const { remote, ref = "HEAD", checksum } = request;
  const resolved = isCommit(ref)
    ? { commit: ref, object: ref, name: undefined }
    : (find(await listRefs(remote, [ref, `${ref}^{}`], host), ref) ?? (await unknown(remote, ref, host)));
  const { commit, object } = resolved;
  if (checksum === undefined || commit.startsWith(checksum) || object.startsWith(checksum)) return resolved;
  throw new TsbuildError(
    "DIGEST_MISMATCH",
    `Cannot use ${redact(remote)}: "${ref}" is commit ${commit}, not ${checksum}`,
    { hint: "if the ref was meant to move on, write its new commit into the checksum" },
  );
}

type Refs = ReadonlyMap<string, string>;

async function listRefs(remote: string, patterns: readonly string[], host: GitHost): Promise<Refs> {
  try {
    const args = ["ls-remote", "--quiet", "--", withoutCredentials(remote), ...patterns];
    const output = await runGit(args, { remote }, host);
    const refs = new Map<string, string>();
    for (const line of output.toString("utf8").split("\n")) {
      const [object, name] = line.split("\t");
      if (object !== undefined && name !== undefined && isCommit(object)) refs.set(name, object);
    }
    return refs;
  } catch (error) {
    throw gitError(remote, error);
  }
}

/** In BuildKit's order (util/gitutil): the full name, then a branch, then a tag. */
function find(refs: Refs, ref: string): Resolved | undefined {
  const names = [
    ref,
    `refs/${ref.replace(/^refs\//, "")}`,
    `refs/heads/${ref.replace(/^refs\/heads\//, "")}`,
    `refs/tags/${ref.replace(/^refs\/tags\//, "")}`,
  ];
  for (const name of names) {
    const object = refs.get(name);
    if (object !== undefined) return { commit: refs.get(`${name}^{}`) ?? object, object, name };
  }
  return undefined;
}

/** One more question, so that the answer can say what was meant. */
async function unknown(remote: string, ref: string, host: GitHost): Promise<never> {
  const refs = await listRefs(remote, ["refs/heads/*", "refs/tags/*"], host);
  const names = [...refs.keys()].map((name) => name.replace(/^refs\/(heads|tags)\//, ""));
  const hint = /^[0-9a-f]{7,63}$/.test(ref) ? "write all 40 digits of a commit" : didYouMean(ref, names);
  throw new TsbuildError(
    "NETWORK",
    `Cannot fetch from ${redact(remote)}: it has no branch and no tag "${ref}"`,
    { hint: hint ?? `git ls-remote ${redact(remote)} shows what it has` },
  );
}
