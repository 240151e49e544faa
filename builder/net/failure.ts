import { TsbuildError, messageOf } from "../core/errors.ts";
import { printable, bytesOf } from "../core/bytes.ts";
import type { Timeouts } from "./types.ts";

/** Where a request was going when it failed. */
export interface Destination {
  readonly url: URL;
  readonly proxy: URL | undefined;
  readonly timeouts: Timeouts;
}

/** One failed try: what to tell, and whether trying again may help. */
export interface Failure {
  readonly error: TsbuildError;
  readonly transient: boolean;
}

interface Explanation {
  readonly state: string;
  readonly hint?: string;
  readonly transient?: boolean;
}

/** Explains an error of undici, node:net or node:tls. */
export function explainFailure(cause: unknown, destination: Destination): Failure {
  if (cause instanceof TsbuildError) return { error: cause, transient: false };
  const { state, hint, transient = false } = explain(cause, destination);
  const { url, proxy } = destination;
  const through = proxy === undefined ? "" : ` through the proxy ${proxy.host}`;
  const error = new TsbuildError("NETWORK", `Cannot reach ${url.host}${through}: ${state}`, { hint, cause });
  return { error, transient };
}

function explain(error: unknown, { url, proxy, timeouts }: Destination): Explanation {
  const code = codeOf(error);
  switch (code) {
    case "ENOTFOUND":
      return {
        state: "its name has no address",
        hint: "check the spelling, and the name servers of this machine",
      };
    case "EAI_AGAIN":
      return {
        state: "the name server does not answer",
        hint: "check the network connection",
        transient: true,
      };
    case "ECONNREFUSED":
      return {
        state: `nothing listens on port ${portOf(proxy ?? url)}`,
        hint: "check host and port, and that it runs",
      };
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
      return { state: "there is no route to it", hint: "check the network connection and HTTPS_PROXY" };
    case "UND_ERR_CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return {
        state: `no connection within ${seconds(timeouts.connectMs)}`,
        hint: "check the network connection and HTTPS_PROXY",
        transient: true,
      };
    case "UND_ERR_HEADERS_TIMEOUT":
      return { state: `no answer within ${seconds(timeouts.answerMs)}`, transient: true };
    case "UND_ERR_BODY_TIMEOUT":
      return { state: `it sent nothing for ${seconds(timeouts.stallMs)}`, transient: true };
    case "ECONNRESET":
    case "EPIPE":
    case "UND_ERR_SOCKET":
    case "UND_ERR_RES_CONTENT_LENGTH_MISMATCH":
      return {
        state: "the connection broke",
        transient: true,
        ...(url.protocol === "https:" && CLIENT_HINT),
      };
    case "TimeoutError":
      return { state: `its answer did not end within ${seconds(timeouts.wholeMs)}` };
    case "UND_ERR_HEADERS_OVERFLOW":
      return { state: "the headers of its answer are too long" };
    default:
      return explainTls(error, code, url) ?? { state: printable(bytesOf(messageOf(error).slice(0, 300))) };
  }
}

/** With TLS 1.3 a server learns too late that a client has no certificate to say so (RFC 8446, 2). */
const CLIENT_HINT = {
  hint: "a server that wants a client's certificate may do this too: client.cert and client.key in certs.d, or keypair in tsbuild/config.toml",
};

const PLAIN_SERVER = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/;
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE/;

function explainTls(error: unknown, code: string, url: URL): Explanation | undefined {
  const table = `[registry."${url.host}"] in tsbuild/config.toml`;
  if (PLAIN_SERVER.test(code)) {
    return {
      state: "it answers without TLS",
      hint: `for a registry with plain HTTP set http = true under ${table}`,
    };
  }
  if (isParserError(error)) {
    const hint = url.protocol === "http:" ? `where it speaks TLS set http = false under ${table}` : undefined;
    return { state: "what it sent is not HTTP", ...(hint === undefined ? {} : { hint }) };
  }
  if (UNTRUSTED.test(code)) {
    return {
      state: `its certificate is not trusted (${messageOf(error)})`,
      hint: `give its authority with ca = ["…"] under ${table}, or in the file of SSL_CERT_FILE`,
    };
  }
  if (code.endsWith("CERTIFICATE_REQUIRED")) {
    return {
      state: "it wants a client's certificate",
      hint: `put client.cert and client.key into certs.d/${url.host}, or set keypair under ${table}`,
    };
  }
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED)$/.test(code)) {
    return {
      state: `it refused the certificate of this client (${messageOf(error).replace(/.*:/s, "").trim()})`,
    };
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return { state: `its certificate is not valid now (${code})`, hint: "check the clock of this machine" };
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "UND_ERR_PRX_TLS") {
    return { state: "its certificate is for another host" };
  }
  return undefined;
}

/** Of a connection that tried several addresses, the first one's. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error.name === "TimeoutError") return error.name;
  return error.cause === undefined ? "" : codeOf(error.cause);
}

/** By its name: undici 7 leaves the code out where it has no name for llhttp's number. */
function isParserError(error: unknown): boolean {
  return error instanceof Error && error.name === "HTTPParserError";
}

function portOf(url: URL): string {
  if (url.protocol.startsWith("socks")) return url.port || "1080";
  return url.port || (url.protocol === "https:" ? "443" : "80");
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
