import { TsbuildError } from "../core/errors.ts";
import { registerSecret } from "../core/redact.ts";
import type { HttpRequest, Transport } from "../net/types.ts";
import type { Challenge } from "./challenge.ts";
import { responseError } from "./response-error.ts";
import type { Credential } from "./types.ts";

/** A token, and when it is too old to begin a request with (performance.now). */
export interface Token {
  readonly value: string;
  readonly staleAt: number;
}

export interface TokenRequest {
  readonly registry: string;
  readonly challenge: Challenge & { readonly scheme: "bearer" };
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
  readonly signal: AbortSignal;
}

const MAX_ANSWER = 256 * 1024;
/** distribution's token specification: what a token server means that says nothing. */
const DEFAULT_LIFETIME_S = 60;

/** Asks a registry's token server: GET with basic authorization or none, POST with an identity token (OAuth2). */
export async function fetchToken(transport: Transport, request: TokenRequest): Promise<Token> {
  const { registry, challenge, credential, signal } = request;
  // The registry's own scope too: some have ones that no client can know (public.ecr.aws: "aws").
  const scopes = [...new Set([...request.scopes, ...(challenge.scope ? [challenge.scope] : [])])];
  const url = new URL(challenge.realm);
  const action = `log in to ${registry}`;
  const asked = performance.now();
  const response = await transport.request({
    ...tokenRequest(url, scopes, challenge.service, credential, signal),
    whole: MAX_ANSWER,
  });
  if (response.status !== 200) {
    throw await responseError(action, response, { registry, hasCredential: credential !== undefined });
  }
  return readToken(await response.bytes(MAX_ANSWER), asked, `Cannot ${action}: ${url.host}`);
}

/** Basic authorization (RFC 7617). */
export function basic({ username, password }: { username: string; password: string }): string {
  const encoded = Buffer.from(`${username}:${password}`).toString("base64");
  registerSecret(encoded);
  return `Basic ${encoded}`;
}

function tokenRequest(
  url: URL,
  scopes: readonly string[],
  service: string | undefined,
  credential: Credential | undefined,
  signal: AbortSignal,
): HttpRequest {
  if (credential?.kind === "identity") {
    // As it stands in the form, which a careless server may quote.
    registerSecret(encodeURIComponent(credential.token));
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: credential.token,
      client_id: "tsbuild",
      scope: scopes.join(" "),
      ...(service === undefined ? {} : { service }),
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return { method: "POST", url, headers, body: Buffer.from(form.toString()), signal };
  }
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const headers = credential === undefined ? {} : { authorization: basic(credential) };
  return { method: "GET", url, headers, signal };
}

function readToken(body: Buffer, asked: number, subject: string): Token {
  let answer: { readonly token?: unknown; readonly access_token?: unknown; readonly expires_in?: unknown };
  try {
    answer = Object(JSON.parse(body.toString("utf8"))) as typeof answer;
  } catch (cause) {
    throw new TsbuildError("REGISTRY_RESPONSE", `${subject} sent something that is not JSON`, { cause });
  }
  const value = answer.token || answer.access_token;
  // It becomes a header: only what may stand in one.
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
    throw new TsbuildError("REGISTRY_RESPONSE", `${subject} sent no token`);
  }
  registerSecret(value);
  const seconds = typeof answer.expires_in === "number" ? answer.expires_in : DEFAULT_LIFETIME_S;
  // A tenth is left for the request itself to arrive in.
  return { value, staleAt: asked + Math.max(0, seconds) * 900 };
}
