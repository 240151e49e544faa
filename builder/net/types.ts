/** Environment variables, as process.env has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A body that can be sent again from its beginning. */
interface StreamBody {
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** http: or https:. Its user and password are sent as basic authorization. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | StreamBody;
  readonly signal: AbortSignal;
  /**
   * The body is read within the try, where the status is 2xx: one that breaks is asked for again. At most so many bytes;
   * REGISTRY_RESPONSE otherwise.
   */
  readonly whole?: number;
  /** How often it is tried while that may help (408, 429, 5xx, broken connections); the transport's number when not given. */
  readonly attempts?: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Where the answer came from: after redirects not the URL of the request. */
  readonly url: URL;
  /** By lower-case name. */
  header(name: string): string | undefined;
  /** The body as it comes; to be read once, to the end or until the reader breaks off. Ends with NETWORK where it breaks. */
  readonly body: AsyncIterable<Buffer>;
  /** The whole body, where it has at most `limit` bytes; REGISTRY_RESPONSE otherwise. */
  bytes(limit: number): Promise<Buffer>;
  /** Gives the body up. */
  discard(): Promise<void>;
}

/** How one host's certificate is checked. */
export interface TlsSettings {
  /** Takes any certificate. */
  readonly insecure?: boolean;
  /** PEM files of more certificate authorities. */
  readonly ca?: readonly string[];
  /** Shown to a server that asks who comes. */
  readonly keypairs?: readonly KeyPair[];
}

/** PEM files of a client's certificate and of its private key. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Timeouts {
  readonly connectMs: number;
  /** Until an answer begins, from the last byte of the request that the network took. */
  readonly answerMs: number;
  /** Between two pieces of a body. */
  readonly stallMs: number;
  /** For a body that is read as a whole, however lively it drips. */
  readonly wholeMs: number;
}

export interface Backoff {
  readonly attempts: number;
  readonly firstMs: number;
  readonly maxMs: number;
  /** A longer Retry-After is not waited for. */
  readonly maxRetryAfterMs: number;
}

export interface TransportOptions {
  /** For proxies (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, either case) and SSL_CERT_FILE. */
  readonly env: Environment;
  readonly tls?: (url: URL) => TlsSettings | undefined;
  readonly timeouts?: Partial<Timeouts>;
  readonly backoff?: Partial<Backoff>;
}

/** HTTP with retries, redirects, proxies and time-outs. Every failure to get an answer is a TsbuildError NETWORK. */
export interface Transport {
  /** For what a single request cannot repeat: a download that goes on, an upload that begins again. */
  readonly backoff: Backoff;
  /** The answer, whatever its status. Redirects of GET and HEAD are followed; credentials stay with the origin they are for. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Loads what requests need, which may be done while something else is waited for. */
  prepare(): void;
  /** Breaks off what is still under way. */
  close(): Promise<void>;
}
