import { TsbuildError } from "../core/errors.ts";
import type { Descriptor } from "../image/types.ts";
import { delayAfter, isTransientStatus, pause } from "../net/backoff.ts";
import type { HttpResponse } from "../net/types.ts";
import { BlobReader } from "./blob-reader.ts";
import { isOfMirror } from "./download.ts";
import { nameOf } from "./manifests.ts";
import { pushScope, type RegistryRequest, type Session } from "./session.ts";
import type { Repository, TransferProgress } from "./types.ts";
import {
  completing,
  continued,
  resumed,
  startUpload,
  takeUpload,
  type Upload,
  type UploadContext,
} from "./upload-session.ts";

/** So much has to arrive for the patience with broken connections to begin anew. */
const PROGRESS_BYTES = 1 << 20;
/** Pieces for servers that refuse long requests: what Cloudflare takes, and down to what nginx takes by default. */
const CHUNKS: readonly number[] = [64 << 20, 16 << 20, 4 << 20, 1 << 20];

/**
 * Uploads a blob: in one request where the registry takes it, in pieces where that is too much for it (413). After a
 * broken connection it goes on where the registry says that it is; where it does not say, from the beginning.
 */
export async function putBlob(
  session: Session,
  repository: Repository,
  descriptor: Descriptor,
  open: () => AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  progress?: TransferProgress,
): Promise<void> {
  const endpoint = session.origin(repository);
  const action = `push ${nameOf(repository, descriptor.digest)}`;
  const blob = new BlobUpload({ session, endpoint, action, signal }, descriptor, open, progress);
  const { backoff } = session.transport;
  let secured = 0;
  try {
    for (let failures = 0; ;) {
      const attempt = await blob.attempt();
      if (attempt === undefined) return;
      if (attempt.retry === "smaller" && blob.useSmallerPieces()) continue;
      signal.throwIfAborted();
      const delay = delayAfter(failures + 1, backoff, attempt.retryAfter);
      if (attempt.retry === "never" || attempt.retry === "smaller" || delay === undefined)
        throw attempt.error;
      await blob.recover(attempt.retry === "resume");
      failures = blob.offset - secured >= PROGRESS_BYTES ? 1 : failures + 1;
      secured = Math.max(secured, blob.offset);
      if (failures >= backoff.attempts) throw attempt.error;
      await pause(delay, signal);
    }
  } finally {
    blob.close();
  }
}

/** A try that failed. */
interface Failed {
  readonly error: unknown;
  /** What may help: to go on, to begin again, shorter requests, or nothing. */
  readonly retry: "resume" | "restart" | "smaller" | "never";
  readonly retryAfter?: string | undefined;
}

/** A request that was not granted. */
interface Refusal {
  readonly request: RegistryRequest;
  readonly response: HttpResponse;
}

/** One blob on its way, and how far it is. */
class BlobUpload {
  readonly #context: UploadContext;
  readonly #descriptor: Descriptor;
  readonly #reader: BlobReader;
  readonly #progress: TransferProgress | undefined;
  #upload: Upload | undefined;
  /** Whether bytes of an earlier request count. */
  #isResumed = false;
  #chunk = Number.POSITIVE_INFINITY;

  constructor(
    context: UploadContext,
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    progress: TransferProgress | undefined,
  ) {
    this.#context = context;
    this.#descriptor = descriptor;
    this.#reader = new BlobReader(open);
    this.#progress = progress;
    this.#upload = takeUpload(context, descriptor.digest);
  }

  get offset(): number {
    return this.#upload?.offset ?? 0;
  }

  /** Sends what is missing; undefined when the registry has it all. */
  async attempt(): Promise<Failed | undefined> {
    const { session, endpoint, signal } = this.#context;
    try {
      const refusal = await this.#send();
      if (refusal === undefined) return undefined;
      const { request, response } = refusal;
      const error = await session.failure(endpoint, request, response);
      return { error, retry: this.#retryAfter(response.status), retryAfter: response.header("retry-after") };
    } catch (error) {
      signal.throwIfAborted();
      const isOurs = error instanceof TsbuildError && (error.code === "NETWORK" || isOfMirror(error));
      return { error, retry: isOurs ? "resume" : "never" };
    }
  }

  /** An upload can be lost (404), be elsewhere than was said (416), and what was pieced together something else (400). */
  #retryAfter(status: number): Failed["retry"] {
    if (status === 413) return "smaller";
    if (isTransientStatus(status)) return "resume";
    return status === 404 || status === 416 || (status === 400 && this.#isResumed) ? "restart" : "never";
  }

  async #send(): Promise<Refusal | undefined> {
    const { session, endpoint } = this.#context;
    const { size, digest } = this.#descriptor;
    this.#upload ??= await startUpload(this.#context);
    if (this.offset > 0 || size > this.#chunk) {
      const refusal = await this.#sendPieces(this.#upload);
      if (refusal !== undefined) return refusal;
    }
    const request = this.#request("PUT", completing(this.#upload, digest), this.offset, size);
    const response = await session.send(endpoint, request);
    if (response.status < 200 || response.status > 204) return { request, response };
    await response.discard();
    return undefined;
  }

  async #sendPieces(upload: Upload): Promise<Refusal | undefined> {
    const { session, endpoint, action } = this.#context;
    const { size } = this.#descriptor;
    for (let now = upload; now.offset < size; this.#upload = now) {
      const end = Math.min(size, now.offset + Math.max(this.#chunk, now.minChunk));
      const request = this.#request("PATCH", now.location, now.offset, end);
      const response = await session.send(endpoint, request);
      if (response.status < 200 || response.status > 204) return { request, response };
      await response.discard();
      now = continued(now, response, end, action);
    }
    return undefined;
  }

  /** For a server to which a request was too long: false where it has no smaller one, or the registry takes none. */
  useSmallerPieces(): boolean {
    const least = this.#upload?.minChunk ?? 0;
    const sent = Math.min(this.#chunk, this.#descriptor.size);
    const smaller = CHUNKS.find((chunk) => chunk < sent && chunk >= least);
    this.#upload = undefined;
    this.#chunk = smaller ?? this.#chunk;
    return smaller !== undefined;
  }

  /** Finds out from where to go on. */
  async recover(mayResume: boolean): Promise<void> {
    const { size } = this.#descriptor;
    const upload = mayResume ? this.#upload : undefined;
    this.#upload = upload && (await resumed(this.#context, upload, size));
    this.#isResumed = this.#upload !== undefined;
  }

  close(): void {
    this.#reader.close();
  }

  #request(method: "PATCH" | "PUT", path: URL, start: number, end: number): RegistryRequest {
    const { endpoint, action, signal } = this.#context;
    const isPart = method === "PATCH";
    return {
      method,
      path,
      headers: {
        "content-type": "application/octet-stream",
        ...(isPart ? { "content-range": `${start}-${end - 1}` } : {}),
      },
      body: start === end ? Buffer.alloc(0) : { size: end - start, open: () => this.#read(start, end) },
      scopes: [pushScope(endpoint.repository)],
      action,
      attempts: 1,
      signal,
    };
  }

  async *#read(start: number, end: number): AsyncGenerator<Uint8Array> {
    let sent = start;
    for await (const chunk of this.#reader.read(start, end)) {
      yield chunk;
      sent += chunk.length;
      this.#progress?.(sent, this.#descriptor.size);
    }
  }
}
