import { readFileSync } from "node:fs";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import type { Dispatcher } from "undici";
import { TsbuildError, messageOf } from "../core/errors.ts";
import { registerSecret } from "../core/redact.ts";
import { proxyFor } from "./proxy.ts";
import { loadUndici } from "./undici.ts";
import type { Environment, Timeouts, TlsSettings } from "./types.ts";

/** Where Debian, Fedora, openSUSE and Alpine keep the certificates that the system trusts. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** The dispatcher of undici for a request, and the proxy that it goes through. */
export interface Route {
  readonly dispatcher: Dispatcher;
  readonly proxy: URL | undefined;
}

/** Connections, kept open and shared by all requests with the same proxy and the same way to check certificates. */
export class Agents {
  readonly #env: Environment;
  readonly #timeouts: Timeouts;
  readonly #tls: (url: URL) => TlsSettings | undefined;
  readonly #dispatchers = new Map<string, Dispatcher>();

  constructor(env: Environment, timeouts: Timeouts, tls: (url: URL) => TlsSettings | undefined) {
    this.#env = env;
    this.#timeouts = timeouts;
    this.#tls = tls;
  }

  async route(url: URL): Promise<Route> {
    const proxy = proxyFor(url, this.#env);
    const settings = url.protocol === "https:" ? (this.#tls(url) ?? {}) : undefined;
    const key = JSON.stringify([proxy?.href, settings]);
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return { dispatcher: known, proxy };
    const made = await this.#make(proxy, settings);
    // Another request may have made the same one while undici was loading.
    const dispatcher = this.#dispatchers.get(key) ?? made;
    this.#dispatchers.set(key, dispatcher);
    return { dispatcher, proxy };
  }

  async close(): Promise<void> {
    const all = [...this.#dispatchers.values()];
    this.#dispatchers.clear();
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  async #make(proxy: URL | undefined, settings: TlsSettings | undefined): Promise<Dispatcher> {
    const { Agent, ProxyAgent, buildConnector } = await loadUndici();
    const { connectMs, answerMs, stallMs } = this.#timeouts;
    const timeouts = { headersTimeout: answerMs, bodyTimeout: stallMs };
    const connect = {
      timeout: connectMs,
      // Two addresses at once where IPv6 is configured but leads nowhere (RFC 8305).
      autoSelectFamily: true,
      ...(settings === undefined ? {} : { secureContext: trust(settings, this.#env) }),
      ...(settings?.insecure === true ? { rejectUnauthorized: false } : {}),
    };
    if (proxy === undefined) return new Agent({ ...timeouts, connect });
    registerSecret(proxy.password);
    registerSecret(decodeURIComponent(proxy.password));
    if (proxy.protocol.startsWith("socks")) {
      const { throughSocks } = await import("./socks.ts");
      const plain = buildConnector({ timeout: connectMs, autoSelectFamily: true });
      return new Agent({
        ...timeouts,
        connect: throughSocks(proxy, connectMs, plain, buildConnector(connect)),
      });
    }
    // Plain HTTP goes to the proxy as a request, not through CONNECT, which squid allows for port 443 alone.
    return new ProxyAgent({
      ...timeouts,
      uri: proxy.href,
      requestTls: connect,
      proxyTls: {
        timeout: connectMs,
        ...(proxy.protocol === "https:" ? { secureContext: trust({}, this.#env) } : {}),
      },
      proxyTunnel: false,
    });
  }
}

/** The system's authorities as other programs see them, where there are any, else those that Node has; and the given ones. */
function trust({ insecure, ca = [], keypairs = [] }: TlsSettings, env: Environment): SecureContext {
  const own = {
    cert: keypairs.map(({ cert }) => readPem(cert)),
    key: keypairs.map(({ key }) => readPem(key)),
  };
  if (insecure === true) return createSecureContext(own);
  const extra = [...ca, ...(env["NODE_EXTRA_CA_CERTS"] ? [env["NODE_EXTRA_CA_CERTS"]] : [])];
  return createSecureContext({ ...own, ca: [...systemAuthorities(env), ...extra.map(readPem)] });
}

function systemAuthorities(env: Environment): readonly (string | Buffer)[] {
  const named = env["SSL_CERT_FILE"];
  if (named) return [readPem(named)];
  for (const path of SYSTEM_BUNDLES) {
    try {
      return [readFileSync(path)];
    } catch {
      // The next distribution's place.
    }
  }
  return rootCertificates;
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new TsbuildError("CONFIG_INVALID", `Cannot read the certificates "${path}": ${messageOf(cause)}`, {
      cause,
    });
  }
}
