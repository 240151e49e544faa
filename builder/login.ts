import { TsbuildError } from "./core/errors.ts";
import { registerSecret } from "./core/redact.ts";
import type { Session } from "./session/session.ts";
import type { LoginResult } from "./api/types.ts";

/** Proves a user's password to a registry and keeps it where docker does. Nothing is kept that the registry refuses. */
export async function logIn(
  session: Session,
  name: string,
  credential: { readonly username: string; readonly password: string },
  signal: AbortSignal,
): Promise<LoginResult> {
  const registry = registryOf(name);
  registerSecret(credential.password);
  const [{ createRegistryClient }, { loadRegistryConfig }, { storeCredential }] = await Promise.all([
    import("./registry/client.ts"),
    import("./registry/config.ts"),
    import("./registry/stored-credentials.ts"),
  ]);
  const client = createRegistryClient({
    config: await loadRegistryConfig(session.env),
    credentials: { find: async () => ({ kind: "basic", ...credential }) },
    env: session.env,
  });
  try {
    const proved = await client.login(registry, signal);
    return { registry, proved, ...(await storeCredential(registry, credential, session.env, signal)) };
  } finally {
    await client.close();
  }
}

/** Forgets the credentials of a registry; undefined where there were none. */
export async function logOut(
  session: Session,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly registry: string; readonly place: string } | undefined> {
  const { eraseCredential } = await import("./registry/stored-credentials.ts");
  const registry = registryOf(name);
  const erased = await eraseCredential(registry, session.env, signal);
  return erased && { registry, place: erased.place };
}

/** `host[:port]`, also where it was copied out of a browser; Docker Hub where nothing is named. */
function registryOf(name: string): string {
  const host = name.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
  if (host === "" || host === "index.docker.io") return "docker.io";
  if (/^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/.test(host)) return host;
  throw new TsbuildError("USAGE", `Cannot log in to "${name}": it is not a registry's host[:port]`, {
    hint: "name the registry alone, without a repository: ghcr.io",
  });
}
