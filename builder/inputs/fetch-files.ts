import type { Tree } from "../core/entry.ts";
import type { Emit, VertexId } from "../core/events.ts";
import { redact } from "../core/redact.ts";
import { download } from "../context/download.ts";
import { fileTree } from "../context/file-tree.ts";
import { fetchGit } from "../context/git/fetch.ts";
import type { GitOp, HttpOp } from "../graph/types.ts";
import type { SecretOf } from "../net/source-auth.ts";
import type { Step } from "../ops/types.ts";
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
    transport: session.transport,
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
  return fetchGit(request, { store: session.store, env: session.env, signal: step.signal, secretOf });
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
