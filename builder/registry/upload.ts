import type { Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Descriptor } from "../image/types.ts";
import { delayAfter, isTransientStatus, pause } from "../net/backoff.ts";
import type { HttpResponse } from "../net/types.ts";
import type { Endpoint } from "./endpoints.ts";
import { nameOf } from "./manifests.ts";
import { pullScope, pushScope, type RegistryRequest, type Session } from "./session.ts";
import type { Repository, TransferProgress } from "./types.ts";

export async function hasBlob(
  session: Session,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<boolean> {
  const endpoint = session.origin(repository);
  const response = await session.expect(
    endpoint,
    {
      method: "HEAD",
      path: `blobs/${digest}`,
      scopes: [pushScope(endpoint.repository)],
      action: `look up ${nameOf(repository, digest)}`,
      signal,
    },
    [200, 404],
  );
  await response.discard();
  return response.status === 200;
}

/** Uploads a blob in one piece. A try that broke begins again with an upload of its own: how much arrived is uncertain. */
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
  const { backoff } = session.transport;
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= backoff.attempts;
    let delay: number | undefined;
    try {
      const location = await startUpload(session, endpoint, action, signal);
      location.searchParams.set("digest", descriptor.digest);
      const request: RegistryRequest = {
        method: "PUT",
        path: location,
        headers: { "content-type": "application/octet-stream" },
        body: { size: descriptor.size, open: () => counted(open(), descriptor.size, progress) },
        scopes: [pushScope(endpoint.repository)],
        action,
        attempts: 1,
        signal,
      };
      const response = await session.send(endpoint, request);
      if (response.status === 200 || response.status === 201) return await response.discard();
      delay = delayAfter(attempt, backoff, response.header("retry-after"));
      if (last || delay === undefined || !isTransientStatus(response.status)) {
        throw await session.failure(endpoint, request, response);
      }
      await response.discard();
    } catch (error) {
      signal.throwIfAborted();
      if (last || !(error instanceof TsbuildError) || error.code !== "NETWORK") throw error;
      delay = delayAfter(attempt, backoff);
    }
    await pause(delay ?? 0, signal);
  }
}

/** Asks the registry to take a blob over from another of its repositories. */
export async function mountBlob(
  session: Session,
  repository: Repository,
  digest: Digest,
  from: string,
  signal: AbortSignal,
): Promise<boolean> {
  const endpoint = session.origin(repository);
  const query = new URLSearchParams({ mount: digest, from });
  const request: RegistryRequest = {
    method: "POST",
    path: `blobs/uploads/?${query.toString()}`,
    body: Buffer.alloc(0),
    scopes: [pushScope(endpoint.repository), pullScope(from)],
    action: `mount ${nameOf(repository, digest)}`,
    signal,
  };
  const response = await session.send(endpoint, request);
  await response.discard();
  if (response.status === 201) return true;
  // 202 is the beginning of an upload, which this one is not.
  if (response.status === 202) await cancelUpload(session, endpoint, response, request);
  return false;
}

async function startUpload(
  session: Session,
  endpoint: Endpoint,
  action: string,
  signal: AbortSignal,
): Promise<URL> {
  const request: RegistryRequest = {
    method: "POST",
    path: "blobs/uploads/",
    body: Buffer.alloc(0),
    scopes: [pushScope(endpoint.repository)],
    action,
    signal,
  };
  const response = await session.expect(endpoint, request, [202]);
  await response.discard();
  return uploadLocation(response, action);
}

/** Relative or absolute, on whichever host; never from TLS to plain text. */
function uploadLocation(response: HttpResponse, action: string): URL {
  const location = response.header("location");
  const refuse = (state: string, hint?: string): TsbuildError =>
    new TsbuildError("REGISTRY_RESPONSE", `Cannot ${action}: ${response.url.host} ${state}`, { hint });
  if (location === undefined || !URL.canParse(location, response.url.href)) {
    throw refuse("does not say where to upload to");
  }
  const url = new URL(location, response.url);
  url.username = "";
  url.password = "";
  if (url.protocol === "https:" || url.protocol === response.url.protocol) return url;
  throw refuse(
    `wants the upload at ${url.protocol}//${url.host}, without TLS`,
    "where it stands behind a proxy, let the proxy send X-Forwarded-Proto",
  );
}

async function cancelUpload(
  session: Session,
  endpoint: Endpoint,
  response: HttpResponse,
  request: RegistryRequest,
): Promise<void> {
  try {
    const location = uploadLocation(response, request.action);
    const answer = await session.send(endpoint, {
      method: "DELETE",
      path: location,
      scopes: request.scopes,
      action: request.action,
      attempts: 1,
      signal: request.signal,
    });
    await answer.discard();
  } catch (error) {
    // Only a courtesy: registries forget uploads that nobody goes on with.
    request.signal.throwIfAborted();
    if (!(error instanceof TsbuildError)) throw error;
  }
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  size: number,
  progress: TransferProgress | undefined,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of source) {
    yield chunk;
    sent += chunk.length;
    progress?.(sent, size);
  }
}
