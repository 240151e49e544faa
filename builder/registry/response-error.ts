import { TsbuildError, type ErrorCode } from "../core/errors.ts";
import { retryAfterMs } from "../net/backoff.ts";
import type { HttpResponse } from "../net/types.ts";

const MAX_BODY = 64 * 1024;
const MAX_TEXT = 300;

/** The error for an answer that is none of those hoped for. `action`: "pull docker.io/library/debian:12". */
export async function responseError(
  action: string,
  response: HttpResponse,
  details: { readonly registry: string; readonly hasCredential: boolean },
): Promise<TsbuildError> {
  const text = await errorText(response);
  const said = text === "" ? "" : ` (${text})`;
  const host = response.url.host;
  const make = (code: ErrorCode, state: string, hint?: string): TsbuildError =>
    new TsbuildError(code, `Cannot ${action}: ${state}${said}`, { hint });
  switch (response.status) {
    case 401:
    case 403:
      return details.hasCredential
        ? make(
            "REGISTRY_AUTH",
            `${host} refused the credentials`,
            `log in again: tsbuild login ${details.registry}`,
          )
        : make(
            "REGISTRY_AUTH",
            "it does not exist or needs credentials",
            `check the name, or log in: tsbuild login ${details.registry}`,
          );
    case 404:
      return make("REGISTRY_NOT_FOUND", `${host} does not have it`, "check the name and the tag");
    case 429:
      return make(
        "REGISTRY_RATE_LIMIT",
        `${host} limits how often it may be asked`,
        patience(response.header("retry-after"), details),
      );
    case 400:
      // Go's HTTP server on a port that speaks TLS.
      if (response.url.protocol === "http:" && /HTTP request to an HTTPS server/i.test(text)) {
        return make(
          "REGISTRY_RESPONSE",
          `${host} speaks TLS, but was asked without`,
          `set http = false under [registry."${details.registry}"] in tsbuild/config.toml, and ca or insecure for its certificate`,
        );
      }
      // nginx, where ssl_verify_client is on.
      if (/No required SSL certificate was sent/i.test(text)) {
        return make(
          "REGISTRY_RESPONSE",
          `${host} wants a client's certificate`,
          `put client.cert and client.key into /etc/docker/certs.d/${host}`,
        );
      }
      break;
    default:
  }
  return make("REGISTRY_RESPONSE", `${host} answered ${response.status}`);
}

function patience(
  retryAfter: string | undefined,
  details: { readonly registry: string; readonly hasCredential: boolean },
): string {
  const ms = retryAfterMs(retryAfter);
  const wait = ms === undefined ? "wait a while" : `wait ${Math.ceil(ms / 1000)} s`;
  return details.hasCredential
    ? wait
    : `${wait}, log in (tsbuild login ${details.registry}), or configure a mirror`;
}

/** What the registry itself says: of its JSON the messages, of anything else the first line. */
async function errorText(response: HttpResponse): Promise<string> {
  let body: string;
  try {
    body = (await response.bytes(MAX_BODY)).toString("utf8");
  } catch {
    // The status alone tells enough.
    return "";
  }
  if (/^\s*</.test(body)) return "it sent a web page, not a registry's answer";
  try {
    const { errors } = JSON.parse(body) as { readonly errors?: unknown };
    if (Array.isArray(errors)) return legible(errors.slice(0, 3).map(oneError).filter(Boolean).join("; "));
  } catch {
    // Not JSON: plain text, then.
  }
  return legible(body.trim().split("\n", 1)[0] ?? "");
}

function oneError(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return [code, message].filter((part) => typeof part === "string" && part !== "").join(": ");
}

/** Short, and without anything that a terminal obeys: control characters of both sets and changes of direction. */
export function legible(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return short.replace(
    /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
