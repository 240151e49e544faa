import { isDigest, hexOf, sha256, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { delayAfter, pause } from "../net/backoff.ts";
import { httpAuthorization, type SecretOf } from "../net/source-auth.ts";
import type { HttpResponse, Transport } from "../net/types.ts";
import type { BlobWriter, Store } from "../store/types.ts";
import { readSourceRecord, writeSourceRecord } from "./source-record.ts";

/** More bytes than this are refused unless the caller says another number: a server that never ends must not fill the disk. */
export const MAX_DOWNLOAD = 16 * 2 ** 30;

/** What a URL gave, in the store. */
export interface Downloaded {
  /** The blob with the bytes. */
  readonly digest: Digest;
  readonly path: string;
  readonly size: number;
  /** Last-Modified in whole seconds; 0 where the server does not say it (BuildKit source/http). */
  readonly mtime: number;
}

export interface DownloadOptions {
  readonly store: Store;
  readonly transport: () => Promise<Transport>;
  readonly signal: AbortSignal;
  /** What the bytes must be: then a blob that is here need not be asked for again. */
  readonly checksum?: Digest;
  /** Secrets that tell how to authorize. */
  readonly secretOf: SecretOf;
  readonly limit?: number;
  /** Told of bytes as they come. */
  readonly progress?: (current: number, total: number | undefined) => void;
}

/** What is kept of a download: how to ask whether it changed. */
interface Known {
  readonly digest: Digest;
  readonly size: number;
  readonly mtime: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** Downloads a URL into the store. What is unchanged since the last time costs one request without a body. */
export async function download(url: URL, options: DownloadOptions): Promise<Downloaded> {
  const { store, checksum } = options;
  const record = recordOf(url);
  const found = readKnown(store, record);
  // What the checksum names is here: the server could only send the same.
  if (found !== undefined && found.digest === checksum) return downloaded(store, found);
  const known = checksum === undefined ? found : undefined;
  const transport = await options.transport();
  const authorization = httpAuthorization(url, options.secretOf);
  for (let attempt = 1; ; attempt++) {
    const response = await transport.request({
      method: "GET",
      url,
      headers: {
        "accept-encoding": "identity",
        ...conditions(known),
        ...(authorization !== undefined && { authorization }),
      },
      signal: options.signal,
    });
    if (known !== undefined && isUnchanged(response, known)) {
      await response.discard();
      return downloaded(store, known);
    }
    if (response.status !== 200) throw await refused(url, response, authorization !== undefined);
    try {
      const fresh = await receive(url, response, options);
      writeSourceRecord(store, record, { url: bare(url), ...fresh });
      return downloaded(store, fresh);
    } catch (error) {
      const broken = error instanceof TsbuildError && error.code === "NETWORK" && error.cause !== undefined;
      const delay = attempt < transport.backoff.attempts ? delayAfter(attempt, transport.backoff) : undefined;
      if (!broken || delay === undefined) throw error;
      await pause(delay, options.signal);
    }
  }
}

async function receive(url: URL, response: HttpResponse, options: DownloadOptions): Promise<Known> {
  const { store, checksum, limit = MAX_DOWNLOAD, progress } = options;
  const length = response.header("content-length");
  const total = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  if (total !== undefined && total > limit) throw tooLarge(url, limit);
  using writer = store.blobs.create();
  for await (const chunk of response.body) {
    writer.write(chunk);
    if (writer.size > limit) throw tooLarge(url, limit);
    progress?.(writer.size, total);
  }
  const { digest, size } = commit(url, writer, checksum);
  const lastModified = response.header("last-modified");
  const time = lastModified === undefined ? Number.NaN : Date.parse(lastModified);
  const mtime = Number.isFinite(time) ? Math.floor(time / 1000) : 0;
  return { digest, size, mtime, etag: response.header("etag"), lastModified };
}

function commit(
  url: URL,
  writer: BlobWriter,
  checksum: Digest | undefined,
): { digest: Digest; size: number } {
  try {
    return writer.commit(checksum);
  } catch (cause) {
    if (!(cause instanceof TsbuildError) || cause.code !== "DIGEST_MISMATCH") throw cause;
    const got = /have digest (\S+)/.exec(cause.message)?.[1] ?? "another one";
    throw new TsbuildError(
      "DIGEST_MISMATCH",
      `Cannot use ${bare(url)}: its digest is ${got}, not ${checksum}`,
      {
        cause,
        hint: "if the file was meant to change, write its new digest into --checksum, or run with --update-lock",
      },
    );
  }
}

function conditions(known: Known | undefined): Readonly<Record<string, string>> {
  const { etag, lastModified } = known ?? {};
  if (etag !== undefined) return { "if-none-match": etag };
  return lastModified === undefined ? {} : { "if-modified-since": lastModified };
}

/** Some servers send the whole file again with the very ETag that was asked about. */
function isUnchanged(response: HttpResponse, { etag }: Known): boolean {
  if (response.status === 304) return true;
  return response.status === 200 && etag !== undefined && response.header("etag") === etag;
}

function readKnown(store: Store, record: string): Known | undefined {
  const { digest, size, mtime, etag, lastModified } = readSourceRecord(store, record) ?? {};
  if (!isDigest(digest) || typeof size !== "number" || typeof mtime !== "number") return undefined;
  if (!store.blobs.use(digest) || store.blobs.size(digest) !== size) return undefined;
  return { digest, size, mtime, etag: textOf(etag), lastModified: textOf(lastModified) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function downloaded(store: Store, { digest, size, mtime }: Known): Downloaded {
  return { digest, size, mtime, path: store.blobs.path(digest) };
}

/** The whole URL, credentials too, tells who asked: one user's private file is not another's. */
function recordOf(url: URL): string {
  return `http-${hexOf(sha256(url.href))}`;
}

/** For messages: queries may carry tokens (signed URLs of object stores). */
function bare(url: URL): string {
  const query = url.search === "" ? "" : "?…";
  return `${url.protocol}//${url.host}${url.pathname}${query}`;
}

function tooLarge(url: URL, limit: number): TsbuildError {
  return new TsbuildError("NETWORK", `Cannot download ${bare(url)}: it is larger than ${limit} bytes`);
}

async function refused(url: URL, response: HttpResponse, authorized: boolean): Promise<TsbuildError> {
  const { status } = response;
  await response.discard();
  const states: Readonly<Record<number, string>> = {
    401: "the server asks for a user and a password (status 401)",
    403: "the server forbids it (status 403)",
    404: "the server does not have it (status 404)",
    410: "the server does not have it any more (status 410)",
  };
  return new TsbuildError(
    "NETWORK",
    `Cannot download ${bare(url)}: ${states[status] ?? `the server answered with status ${status}`}`,
    { hint: hintFor(status, url, authorized) },
  );
}

function hintFor(status: number, { hostname }: URL, authorized: boolean): string | undefined {
  if (status === 404) return "check the spelling of the URL";
  if (status !== 401 && status !== 403) return undefined;
  return authorized
    ? "the server did not take what the secret says"
    : `give a token with --secret id=HTTP_AUTH_TOKEN_${hostname},env=NAME`;
}
