import { redact } from "../core/redact.ts";
import type { GitOp } from "../graph/types.ts";
import { isCommit } from "../net/git-url.ts";
import type { OpHandler, OpServices } from "./types.ts";

/** ADD of a git repository: known by its commit, which the remote has to tell where the Dockerfile does not. */
export function gitHandler(services: OpServices): OpHandler<GitOp> {
  return {
    resource: "network",
    recorded: false,
    definition({ type, remote, ref, ...rest }) {
      const commit = [rest.checksum, ref].find((text) => text !== undefined && isCommit(text));
      if (commit === undefined) return undefined;
      // A .git that is kept says where it is from; else it does not matter.
      return { type, ...rest, commit, ...(rest.keepGitDir ? { remote: redact(remote) } : {}) };
    },
    run: async (op, _inputs, step) => ({ rootfs: [], files: await services.gitFiles(op, step) }),
  };
}
