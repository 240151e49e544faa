import { Hasher } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Descriptor } from "../image/types.ts";
import { delayAfter, pause } from "../net/backoff.ts";
import type { HttpResponse } from "../net/types.ts";
import type { Endpoint } from "./endpoints.ts";
import { nameOf } from "./manifests.ts";
import { pullScope, type RegistryRequest, type Session } from "./session.ts";
import type { Repository } from "./types.ts";

/** A blob as it arrives. Where the connection breaks the rest is asked for; size and digest are verified at the end. */
export async function* getBlob(
  session: Session,
  repository: Repository,
  descriptor: Descriptor,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const action = `pull ${nameOf(repository, descriptor.digest)}`;
  const hasher = new Hasher();
  const { attempts } = session.transport.backoff;
  let received = 0;
  for (let failures = 0; ;) {
    const { response, skip } = await openAt(session, repository, descriptor, received, action, signal);
    try {
      for await (const chunk of skipping(response.body, skip)) {
        received += chunk.length;
        if (received > descriptor.size)
          throw mismatch(action, response, `more than ${descriptor.size} bytes`);
        hasher.update(chunk);
        failures = 0;
        yield chunk;
      }
      if (received === descriptor.size) break;
      if (++failures >= attempts)
        throw mismatch(action, response, `${received} bytes instead of ${descriptor.size}`);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TsbuildError) || error.code !== "NETWORK" || ++failures >= attempts) throw error;
    }
    await pause(delayAfter(failures, session.transport.backoff) ?? 0, signal);
  }
  const digest = hasher.digest();
  if (digest === descriptor.digest) return;
  throw new TsbuildError("DIGEST_MISMATCH", `Cannot ${action}: what arrived is ${digest}`, {
    hint: "the registry, a mirror or a proxy in between has it damaged; try again, or push it again",
  });
}

interface Opened {
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
  return session.fromAny(repository, signal, async (endpoint) => {
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
    return { response, skip };
  });
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
    if (chunk.length > left) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

function mismatch(action: string, response: HttpResponse, what: string): TsbuildError {
  return new TsbuildError("DIGEST_MISMATCH", `Cannot ${action}: ${response.url.host} sent ${what}`);
}
