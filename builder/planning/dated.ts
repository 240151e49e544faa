import type { Bytes } from "../core/bytes.ts";
import { download } from "../context/download.ts";
import { fetchGit } from "../context/git/fetch.ts";
import { commitTime, inWorkingTree } from "../context/git/working-tree.ts";
import { timeOfDownload } from "../context/remote.ts";
import type { Contexts } from "../inputs/open-contexts.ts";
import { BuildSecrets } from "../session/secrets.ts";
import { keptFiles } from "../inputs/fetch-files.ts";
import { shownUrl, transportFor } from "../inputs/offline.ts";
import type { Session } from "../session/session.ts";
import type { Dated } from "../stages/types.ts";
import type { BuildOptions } from "../api/types.ts";

/** A checkout has the time of its commit; another directory has none, and the build is told so. */
async function timeOfDirectory(
  name: string,
  { env, emit }: Session,
  contexts: Contexts,
  signal: AbortSignal,
): Promise<number | undefined> {
  const directory = contexts.directory(name);
  if (directory === undefined) return undefined;
  const time = inWorkingTree(directory) ? await commitTime(directory, { env, signal }) : undefined;
  if (time === undefined) {
    const message = `SOURCE_DATE_EPOCH stays unset: "${directory}" is in no git repository with a commit, so that it has no time`;
    emit({ type: "notice", message });
  }
  return time;
}

/** The time of what is fetched, which the build then has at hand; undefined where it has none of its own. */
export async function timeOf(
  source: Dated,
  session: Session,
  contexts: Contexts,
  { secrets = [], signal }: BuildOptions,
): Promise<number | undefined> {
  const { store, env } = session;
  const given = new BuildSecrets(secrets, {}, env);
  const secretOf = (id: string): Buffer | undefined => given.value(id);
  switch (source.from) {
    case "context":
      // Images have their time in other ways: a layer's is that of its files.
      if (contexts.images.has(source.name)) return undefined;
      await contexts.open(source.name, signal);
      return contexts.get(source.name).time ?? timeOfDirectory(source.name, session, contexts, signal);
    case "http": {
      const { url, checksum } = source;
      const transport = transportFor(session, `download ${shownUrl(url)}`);
      const expected = checksum === undefined ? {} : { checksum };
      return timeOfDownload(
        await download(new URL(url), { store, transport, signal, secretOf, ...expected }),
        store,
      );
    }
    case "git": {
      const { from: _from, ...request } = source;
      if (session.offline) return keptFiles(session, request).stat("" as Bytes)?.mtime;
      // Everything in it has the commit's time.
      return (await fetchGit(request, { store, env, signal, secretOf })).stat("" as Bytes)?.mtime;
    }
  }
}
