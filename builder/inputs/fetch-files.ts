import type { Tree } from "../core/entry.ts";
import type { Emit, VertexId } from "../core/events.ts";
import { redact } from "../core/redact.ts";
import { download } from "../context/download.ts";
import { fileTree } from "../context/file-tree.ts";
import { loadCheckout } from "../context/git/checkout-record.ts";
import type { EntryTree } from "../context/entry-tree.ts";
import type { GitRequest } from "../context/git/types.ts";
import { fetchGit } from "../context/git/fetch.ts";
import type { GitOp, HttpOp } from "../graph/types.ts";
import { isCommit } from "../net/git-url.ts";
import type { SecretOf } from "../net/source-auth.ts";
import type { Step } from "../ops/types.ts";
import { offline, shownUrl, transportFor } from "./offline.ts";
import type { Session } from "../session/session.ts";

/** The file of an ADD of a URL: alone in a tree, under the name that the op gives it. */
export async function downloadFile(
  session: Session,
  op: HttpOp,
  step: Step,
  secretOf: SecretOf,
): Promise<Tree> {
  const { emit, signal, vertex } = step;
  const { url, filename, checksum } = op;
  const downloaded = await download(new URL(url), {
    store: session.store,
    transport: transportFor(session, `download ${shownUrl(url)}`),
    signal,
    secretOf,
    ...(checksum === undefined ? {} : { checksum }),
    progress: transfer(emit, filename, vertex.id),
  });
  return fileTree(filename, downloaded);
}

/** The files of an ADD of a git repository. */
export async function gitFiles(
  session: Session,
  { type: _type, ...request }: GitOp,
  step: Step,
  secretOf: SecretOf,
): Promise<Tree> {
  return fetchFiles(session, request, step.signal, secretOf);
}

/** The files of a git repository; offline those that were fetched before. */
export async function fetchFiles(
  session: Session,
  request: GitRequest,
  signal: AbortSignal,
  secretOf: SecretOf,
): Promise<EntryTree> {
  if (session.offline) return keptFiles(session, request);
  return fetchGit(request, { store: session.store, env: session.env, signal, secretOf });
}

/** The files of a commit that was fetched before. */
export function keptFiles({ store }: Session, request: GitRequest): EntryTree {
  const commit = [request.ref, request.checksum].find((text) => text !== undefined && isCommit(text));
  const files = commit === undefined ? undefined : loadCheckout(store, request, commit);
  if (files !== undefined) return files;
  const what = redact(`fetch from ${request.remote}`);
  if (commit !== undefined) throw offline(what);
  throw offline(
    `${what} what "${request.ref ?? "HEAD"}" leads to`,
    "lock it where there is a network: tsbuild --lock, or write the commit into the Dockerfile",
  );
}

/** Events of a transfer come at most once for so many bytes. */
const REPORT_BYTES = 1 << 20;

/** Tells of a download as it comes. */
export function transfer(
  emit: Emit,
  name: string,
  id?: VertexId,
): (current: number, total: number | undefined) => void {
  let reported = -REPORT_BYTES;
  return (current, total) => {
    const done = current === total;
    if (current - reported < REPORT_BYTES && !done) return;
    reported = current;
    emit({
      type: "transfer",
      task: redact(`download ${name}`),
      label: redact(`downloading ${name}`),
      ...(id === undefined ? {} : { id }),
      current,
      ...(total === undefined ? {} : { total }),
      done,
      time: Date.now(),
    });
  };
}
