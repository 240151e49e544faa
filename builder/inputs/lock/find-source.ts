import { download } from "../../context/download.ts";
import { resolveRef } from "../../context/git/resolve.ts";
import { TsbuildError } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { gitAuthorization } from "../../net/source-auth.ts";
import { BuildSecrets } from "../../session/secrets.ts";
import type { Session } from "../../session/session.ts";
import type { BuildOptions } from "../../api/types.ts";
import { offline, shownUrl, transportFor } from "../offline.ts";
import type { FindSource } from "./source-lock.ts";

/** Asks servers what their sources are now. The bytes of a URL are in the store then. */
export function sourceFinder(session: Session, { secrets = [], signal }: BuildOptions): FindSource {
  const { store, env } = session;
  const given = new BuildSecrets(secrets, {}, env);
  const secretOf = (id: string): Buffer | undefined => given.value(id);
  return async (source, at) => {
    try {
      if (source.type === "http") {
        const transport = transportFor(session, `lock ${shownUrl(source.url)}`);
        return (await download(new URL(source.url), { store, transport, signal, secretOf })).digest;
      }
      if (session.offline) throw offline(redact(`lock ${source.remote}`));
      const authorization = gitAuthorization(source.remote, secretOf);
      return (await resolveRef(source, { env, signal, authorization })).commit;
    } catch (error) {
      if (!(error instanceof TsbuildError) || at === undefined) throw error;
      const { code, message, hint, cause } = error;
      throw new TsbuildError(code, message, {
        hint,
        cause,
        diagnostics: [{ severity: "error", rule: code, message, ...at }],
      });
    }
  };
}
