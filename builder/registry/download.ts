import { Hasher } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Descriptor } from "../image/types.ts";
import { delayAfter, pause } from "../net/backoff.ts";
import type { HttpResponse } from "../net/types.ts";
import type { Endpoint } from "./endpoints.ts";
import { nameOf } from "./manifests.ts";
import { pullScope, type RegistryRequest, type Session } from "./session.ts";
import type { Repository } from "./types.ts";

/** So much has to arrive for the patience with broken connections to begin anew. */
const PROGRESS_BYTES = 1 << 20;

/**
 * A blob as it arrives. Where the connection breaks the rest is asked for; size and digest are verified at the end. What
 * is wrong with a mirror's bytes shows when they were all passed on: see `again()`.
 */
export async function* getBlob(
  session: Session,
  repository: Repository,
  descriptor: Descriptor,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const action = `pull ${nameOf(repository, descriptor.digest)}`;
  const hasher = new Hasher();
  const { attempts } = session.transport.backoff;
  const mirrors = new Set<Endpoint>();
  let received = 0;
  let secured = 0;
  for (let failures = 0; ;) {
    const opened = await openAt(session, repository, descriptor, received, action, signal);
    const { response, skip } = opened;
    if (opened.endpoint.isMirror) mirrors.add(opened.endpoint);
    try {
      for await (const chunk of skipping(response.body, skip)) {
        if (received + chunk.length > descriptor.size) {
          throw damaged(
            session,
            descriptor,
            mirrors,
            mismatch(action, response, `more than ${descriptor.size} bytes`),
          );
        }
        received += chunk.length;
        hasher.update(chunk);
        yield chunk;
      }
      if (received === descriptor.size) break;
      failures = received - secured >= PROGRESS_BYTES ? 1 : failures + 1;
      if (failures >= attempts)
        throw mismatch(action, response, `${received} bytes instead of ${descriptor.size}`);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TsbuildError) || error.code !== "NETWORK") throw error;
      failures = received - secured >= PROGRESS_BYTES ? 1 : failures + 1;
      if (failures >= attempts) throw error;
    }
    if (failures === 1) secured = received;
    await pause(delayAfter(failures, session.transport.backoff) ?? 0, signal);
  }
  const digest = hasher.digest();
  if (digest === descriptor.digest) return;
  const error = new TsbuildError("DIGEST_MISMATCH", `Cannot ${action}: what arrived is ${digest}`, {
    hint: "the registry, a mirror or a proxy in between has it damaged; try again, or push it again",
  });
  throw damaged(session, descriptor, mirrors, error);
}

/** Errors of blobs that came from a mirror: the next endpoint may have them whole. */
const ofMirrors = new WeakSet<TsbuildError>();

/** The error, and who had a hand in the bytes is not asked for this blob again. */
function damaged(
  session: Session,
  { digest }: Descriptor,
  mirrors: ReadonlySet<Endpoint>,
  error: TsbuildError,
): TsbuildError {
  for (const mirror of mirrors) session.distrust(mirror, digest);
  if (mirrors.size > 0) ofMirrors.add(error);
  return error;
}

/** Whether a mirror's bytes were at fault, and another try asks somebody else. */
export function isOfMirror(error: TsbuildError): boolean {
  return ofMirrors.has(error);
}

/** Does what fetches a blob, and does it again from the beginning as long as a mirror's bytes were at fault. */
export async function again<T>(fetch: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await fetch();
    } catch (error) {
      if (!(error instanceof TsbuildError) || !isOfMirror(error)) throw error;
    }
  }
}

interface Opened {
  readonly endpoint: Endpoint;
  readonly response: HttpResponse;
  /** Bytes of the answer that are here already, where the server does not know ranges. */
  readonly skip: number;
}

function openAt(
  session: Session,
  repository: Repository,
  descriptor: Descriptor,
  start: number,
  action: string,
  signal: AbortSignal,
): Promise<Opened> {
  const ask = async (endpoint: Endpoint): Promise<Opened> => {
    const request = blobRequest(endpoint, descriptor, start, action, signal);
    const response = await session.send(endpoint, request);
    if (response.status === 416) {
      await response.discard();
      throw mismatch(action, response, `${start} bytes instead of ${descriptor.size}`);
    }
    if (response.status !== 200 && (response.status !== 206 || start === 0)) {
      throw await session.failure(endpoint, request, response);
    }
    const skip = response.status === 200 ? start : 0;
    const expected = descriptor.size - start + skip;
    const length = response.header("content-length");
    const range = response.header("content-range");
    const rangeStart = /^bytes (\d+)-/.exec(range ?? "")?.[1];
    if (response.status === 206 && rangeStart !== undefined && Number(rangeStart) !== start) {
      await response.discard();
      throw mismatch(action, response, "another part than was asked for");
    }
    // Known to be wrong before the first byte: another endpoint can still be asked.
    if (length !== undefined && Number(length) !== expected) {
      await response.discard();
      throw mismatch(action, response, `${length} bytes instead of ${expected}`);
    }
    return { endpoint, response, skip };
  };
  return session.fromAny(repository, signal, ask, (endpoint) => session.trusts(endpoint, descriptor.digest));
}

function blobRequest(
  endpoint: Endpoint,
  descriptor: Descriptor,
  start: number,
  action: string,
  signal: AbortSignal,
): RegistryRequest {
  return {
    method: "GET",
    path: `blobs/${descriptor.digest}`,
    headers: start === 0 ? {} : { range: `bytes=${start}-` },
    scopes: [pullScope(endpoint.repository)],
    action,
    signal,
  };
}

async function* skipping(body: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of body) {
    const wanted = left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
    // Whoever takes it may free its memory.
    if (wanted.length > 0) yield wanted;
  }
}

function mismatch(action: string, response: HttpResponse, what: string): TsbuildError {
  return new TsbuildError("DIGEST_MISMATCH", `Cannot ${action}: ${response.url.host} sent ${what}`);
}
