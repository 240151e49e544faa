import type { Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { leadsInside } from "../net/redirect.ts";
import type { HttpResponse } from "../net/types.ts";
import type { Endpoint } from "./endpoints.ts";
import { pushScope, type RegistryRequest, type Session } from "./session.ts";

/** An upload that a registry has begun. */
export interface Upload {
  /** Where the next request goes; each answer may name another place. */
  readonly location: URL;
  /** How much of the blob it has. */
  readonly offset: number;
  /** Smaller pieces it does not take (OCI-Chunk-Min-Length). */
  readonly minChunk: number;
}

/** What all requests of an upload have in common. */
export interface UploadContext {
  readonly session: Session;
  readonly endpoint: Endpoint;
  /** For messages: "push docker.io/library/debian:12". */
  readonly action: string;
  readonly signal: AbortSignal;
}

export async function startUpload(context: UploadContext): Promise<Upload> {
  const { session, endpoint, action } = context;
  const request: RegistryRequest = {
    ...common(context),
    method: "POST",
    path: "blobs/uploads/",
    body: Buffer.alloc(0),
  };
  const response = await session.expect(endpoint, request, [202]);
  await response.discard();
  return startedUpload(response, action);
}

/** The upload that a 202 tells of. */
export function startedUpload(response: HttpResponse, action: string): Upload {
  const minimum = response.header("oci-chunk-min-length") ?? "";
  const minChunk = /^\d{1,15}$/.test(minimum) ? Number(minimum) : 0;
  return { location: uploadLocation(response, action), offset: 0, minChunk };
}

/** The same upload after a piece that ended at `offset`, as the answer to it tells. */
export function continued(upload: Upload, response: HttpResponse, offset: number, action: string): Upload {
  const location = response.header("location");
  return {
    ...upload,
    offset,
    location: location === undefined ? upload.location : uploadLocation(response, action),
  };
}

/**
 * How far an upload is after a request that broke (OCI distribution-spec, end-13); undefined where the registry does not
 * say, or has nothing: then a new one costs no more.
 */
export async function resumed(
  context: UploadContext,
  upload: Upload,
  size: number,
): Promise<Upload | undefined> {
  const { session, endpoint, action, signal } = context;
  try {
    const request: RegistryRequest = {
      ...common(context),
      method: "GET",
      path: upload.location,
      attempts: 2,
    };
    const response = await session.send(endpoint, request);
    await response.discard();
    // distribution says 0-0 of an upload without a byte as of one with a single one.
    const last = Number(/^(?:bytes=)?0-(\d{1,15})$/.exec(response.header("range") ?? "")?.[1] ?? 0);
    const isUsable = (response.status === 204 || response.status === 202) && last > 0 && last < size;
    return isUsable ? continued(upload, response, last + 1, action) : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TsbuildError) return undefined;
    throw error;
  }
}

/** Gives an upload back that nobody goes on with. */
export async function cancelUpload(context: UploadContext, { location }: Upload): Promise<void> {
  const { session, endpoint, signal } = context;
  try {
    const request: RegistryRequest = { ...common(context), method: "DELETE", path: location, attempts: 1 };
    await (await session.send(endpoint, request)).discard();
  } catch (error) {
    // Only a courtesy: registries forget uploads after a while.
    signal.throwIfAborted();
    if (!(error instanceof TsbuildError)) throw error;
  }
}

const kept = new WeakMap<Session, Map<string, Upload>>();

/** Keeps an upload that was begun for a blob until somebody takes it. */
export function keepUpload(
  { session, endpoint: { origin, repository } }: UploadContext,
  digest: Digest,
  upload: Upload,
): void {
  const uploads = kept.get(session) ?? new Map<string, Upload>();
  kept.set(session, uploads);
  uploads.set(`${origin} ${repository} ${digest}`, upload);
}

export function takeUpload(
  { session, endpoint: { origin, repository } }: UploadContext,
  digest: Digest,
): Upload | undefined {
  const key = `${origin} ${repository} ${digest}`;
  const upload = kept.get(session)?.get(key);
  kept.get(session)?.delete(key);
  return upload;
}

/** The place that ends an upload: its text is the registry's, which may have signed it, and stays as it is. */
export function completing({ location }: Upload, digest: string): URL {
  const url = new URL(location);
  const query = `digest=${encodeURIComponent(digest)}`;
  url.search = url.search === "" ? query : `${url.search}&${query}`;
  return url;
}

function common({
  endpoint,
  action,
  signal,
}: UploadContext): Pick<RegistryRequest, "scopes" | "action" | "signal"> {
  return { scopes: [pushScope(endpoint.repository)], action, signal };
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
  url.hash = "";
  const { protocol } = url;
  if (protocol === "https:" || (protocol === "http:" && response.url.protocol === "http:")) {
    if (!leadsInside(response.url, url)) return url;
    throw refuse(`wants the upload at ${url.host}, an address inside this machine`);
  }
  throw refuse(
    `wants the upload at ${protocol}//${url.host}, without TLS`,
    "where it stands behind a proxy, let the proxy send X-Forwarded-Proto",
  );
}
