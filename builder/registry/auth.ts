import { TsbuildError } from "../core/errors.ts";
import { leadsInside } from "../net/redirect.ts";
import type { HttpResponse, Transport } from "../net/types.ts";
import { parseChallenge, type Challenge } from "./challenge.ts";
import type { Endpoint } from "./endpoints.ts";
import { Shared } from "./shared.ts";
import { basic, fetchToken, type Token } from "./token.ts";
import type { Credential, CredentialStore } from "./types.ts";

/**
 * Proves to servers who asks, as far as they demand it. A credential goes to the host it is for, and to the token server
 * that this very host announces; what it announces is remembered, so that later requests need no 401 of their own.
 */
export class Authorizer {
  readonly #transport: Transport;
  readonly #credentials: CredentialStore;
  readonly #challenges = new Map<string, Challenge>();
  readonly #tokens = new Shared<Token>();

  constructor(transport: Transport, credentials: CredentialStore) {
    this.#transport = transport;
    this.#credentials = credentials;
  }

  /** The Authorization header for a request, where one is known to be wanted. */
  async header(
    endpoint: Endpoint,
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const challenge = this.#challenges.get(endpoint.origin);
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "bearer") return bearer(await this.#token(endpoint, challenge, scopes, signal));
    const credential = await this.credential(endpoint, signal);
    return credential?.kind === "basic" ? basic(credential) : undefined;
  }

  /** The header that meets the challenge of a 401 better than the one it was an answer to; undefined where there is none. */
  async answer(
    endpoint: Endpoint,
    response: HttpResponse,
    scopes: readonly string[],
    refused: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    // After a redirect another host speaks: its challenge must never see the registry's credentials.
    if (response.url.origin !== endpoint.origin) return undefined;
    const challenge = parseChallenge(response.header("www-authenticate") ?? "");
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "bearer") checkRealm(endpoint, challenge.realm);
    this.#challenges.set(endpoint.origin, challenge);
    const key = tokenKey(endpoint, scopes);
    // Of parallel requests whose token expired only the first one throws it away.
    await this.#tokens.forget(key, (token) => bearer(token) === refused);
    const header = await this.header(endpoint, scopes, signal);
    return header === refused ? undefined : header;
  }

  credential(endpoint: Endpoint, signal: AbortSignal): Promise<Credential | undefined> {
    return this.#credentials.find(endpoint.registry, endpoint.repository, signal);
  }

  #token(
    endpoint: Endpoint,
    challenge: Challenge & { scheme: "bearer" },
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<Token> {
    const ask = async (): Promise<Token> => {
      const credential = await this.credential(endpoint, signal);
      return fetchToken(this.#transport, {
        registry: endpoint.registry,
        challenge,
        scopes,
        credential,
        signal,
      });
    };
    return this.#tokens.get(
      tokenKey(endpoint, scopes),
      signal,
      ask,
      ({ staleAt }) => performance.now() < staleAt,
    );
  }
}

function bearer(token: Token): string {
  return `Bearer ${token.value}`;
}

function tokenKey(endpoint: Endpoint, scopes: readonly string[]): string {
  return [endpoint.origin, endpoint.registry, ...scopes].join(" ");
}

/**
 * A realm gets the credentials: over TLS, unless the registry itself is plain; never an address inside this machine or
 * its cloud for a registry that is not (CVE-2026-48978).
 */
function checkRealm(endpoint: Endpoint, realm: string): void {
  const registry = new URL(endpoint.origin);
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const refuse = (state: string): TsbuildError =>
    new TsbuildError("REGISTRY_AUTH", `Cannot log in to ${registry.host}: ${state}`, {
      hint: "its token server must be an https: URL",
    });
  if (url === undefined || url.username !== "" || url.password !== "")
    throw refuse("its token server is not a URL");
  if (url.protocol !== "https:" && url.protocol !== registry.protocol) {
    throw refuse(`its token server ${url.host} is not reached over https`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refuse("its token server is not a web server");
  if (leadsInside(registry, url)) {
    throw refuse(`its token server ${url.host} is an address inside this machine`);
  }
}
