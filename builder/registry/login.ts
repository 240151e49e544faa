import type { RegistryRequest, Session } from "./session.ts";

/**
 * Asks for the registry's base, `/v2/`, which demands what everything below it demands (OCI distribution-spec, end-1).
 * A registry that lets anybody in tells nothing about a credential.
 */
export async function login(session: Session, registry: string, signal: AbortSignal): Promise<boolean> {
  const endpoint = session.origin({ registry, name: "" });
  const request: RegistryRequest = {
    method: "GET",
    path: "/v2/",
    scopes: [],
    action: `log in to ${registry}`,
    signal,
  };
  const { response, proved } = await session.prove(endpoint, request);
  if (response.status !== 200) throw await session.failure(endpoint, request, response);
  await response.discard();
  return proved;
}
