import type { Digest } from "../core/digest.ts";
import { NO_HEAD, nameOf, refuseWebPage } from "./manifests.ts";
import { pullScope, pushScope, type RegistryRequest, type Session } from "./session.ts";
import type { Repository } from "./types.ts";
import { cancelUpload, keepUpload, startedUpload, takeUpload } from "./upload-session.ts";

/** Whether a repository has a blob; false as well where the registry cannot be asked, for then it is uploaded. */
export async function hasBlob(
  session: Session,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<boolean> {
  const endpoint = session.origin(repository);
  const request: RegistryRequest = {
    method: "HEAD",
    path: `blobs/${digest}`,
    scopes: [pushScope(endpoint.repository)],
    action: `push ${nameOf(repository, digest)}`,
    signal,
  };
  const response = await session.send(endpoint, request);
  await response.discard();
  if (response.status === 200) {
    refuseWebPage(undefined, request.action, response);
    return true;
  }
  // A storage that the registry redirects to may take GET alone: its address is signed with the method.
  const isStorage = response.url.host !== new URL(endpoint.origin).host;
  if (response.status === 404 || NO_HEAD.includes(response.status) || isStorage) return false;
  throw await session.failure(endpoint, request, response);
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
  const context = { session, endpoint, action: request.action, signal };
  if (response.status !== 201 && response.status !== 202) return false;
  const unused = takeUpload(context, digest);
  if (unused !== undefined) await cancelUpload(context, unused);
  // 202 is the beginning of an upload: the one that follows.
  if (response.status === 202) keepUpload(context, digest, startedUpload(response, request.action));
  return response.status === 201;
}
