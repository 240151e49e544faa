import { TsbuildError } from "../core/errors.ts";
import type { Transport } from "../net/types.ts";
import type { Session } from "../session/session.ts";

/** Says what cannot be fetched: `what` reads "download https://…". */
export function offline(
  what: string,
  hint = "build once without --offline: what is fetched stays in the store",
): TsbuildError {
  return new TsbuildError(
    "OFFLINE",
    `Cannot ${what}: it is not in the store, and --offline forbids to ask for it`,
    { hint },
  );
}

/** HTTP for one thing, which an error then names. */
export function transportFor(session: Session, what: string): () => Promise<Transport> {
  return async () => {
    if (session.offline) throw offline(what);
    return session.transport();
  };
}

/** For messages: queries may carry tokens. */
export function shownUrl(text: string): string {
  const { protocol, host, pathname, search } = new URL(text);
  return `${protocol}//${host}${pathname}${search === "" ? "" : "?…"}`;
}
