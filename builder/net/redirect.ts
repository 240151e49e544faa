import { isIP } from "node:net";
import { TsbuildError } from "../core/errors.ts";
import { isLoopback } from "./proxy.ts";

/** As curl's default is 50 and Go's 10; a registry needs one or two. */
export const MAX_REDIRECTS = 10;

const CARRIED: ReadonlySet<string> = new Set(["accept", "range", "user-agent", "if-range"]);

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * Where a redirect leads, if it may. Never from TLS to plain text, never to another kind of URL, and never from a host of
 * the network to this machine or to link-local addresses, where clouds keep their credentials.
 */
export function redirectTarget(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw refused(from, "it names no place to go to");
  }
  const to = new URL(location, from);
  to.username = "";
  to.password = "";
  if (to.protocol !== "https:" && to.protocol !== "http:") {
    throw refused(from, `it leads to ${to.protocol} instead of http(s)`);
  }
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw refused(from, `it leads from https to plain http (${to.host})`);
  }
  if (leadsInside(from, to)) throw refused(from, `it leads to ${to.host}, an address inside this machine`);
  return to;
}

/** The headers that go along. To another scheme, host or port none that could carry a credential (GHSA-vh4v-2xq2-g5cg). */
export function redirectHeaders(
  headers: Readonly<Record<string, string>>,
  from: URL,
  to: URL,
): Readonly<Record<string, string>> {
  if (from.origin === to.origin) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => CARRIED.has(name.toLowerCase())));
}

/**
 * Whether a host sends us to an address that means something else, and more trusted, here than for itself: loopback, and
 * the link-local addresses where clouds keep credentials. Addresses alone: a name's own are not known before connecting.
 */
export function leadsInside(from: URL, to: URL): boolean {
  if (from.hostname === to.hostname) return false;
  return isLinkLocal(to.hostname) || (isLoopback(to.hostname) && !isLoopback(from.hostname));
}

function isLinkLocal(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (host === "metadata.google.internal") return true;
  if (isIP(host) === 4) return host.startsWith("169.254.") || host.startsWith("0.");
  return isIP(host) === 6 && /^(fe[89ab].:|fd00:ec2::254$|::$|::ffff:(7f|a9fe))/i.test(host);
}

function refused(from: URL, state: string): TsbuildError {
  return new TsbuildError("NETWORK", `Cannot follow the redirect of ${from.host}: ${state}`);
}
