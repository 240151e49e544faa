import { isDigest, sha256, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import type { HttpResponse } from "../net/types.ts";
import type { Endpoint } from "./endpoints.ts";
import { pullScope, pushScope, type RegistryRequest, type Session } from "./session.ts";
import type { FetchedManifest, Repository } from "./types.ts";

/** OCI distribution-spec: what every registry must take, and what we read of one that sends more. */
const MAX_MANIFEST = 4 * 1024 * 1024;

/** What servers and proxies answer that do not know this method. */
export const NO_HEAD: readonly number[] = [405, 501];

const ACCEPT = [
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerIndex,
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.dockerManifest,
].join(", ");

/** A manifest or index, its digest verified: against the one it was asked by, else against what the registry says. */
export function getManifest(
  session: Session,
  repository: Repository,
  reference: string,
  signal: AbortSignal,
): Promise<FetchedManifest> {
  const ask = async (endpoint: Endpoint): Promise<FetchedManifest> => {
    const request = manifestRequest("GET", endpoint, repository, reference, signal);
    const response = await session.expect(endpoint, request, [200]);
    const raw = await response.bytes(MAX_MANIFEST);
    const digest = sha256(raw);
    const wanted = isDigest(reference) ? reference : announcedDigest(response);
    if (wanted !== undefined && wanted !== digest) {
      throw new TsbuildError(
        "DIGEST_MISMATCH",
        `Cannot ${request.action}: ${response.url.host} sent ${digest} instead of ${wanted}`,
      );
    }
    refuseWebPage(raw, request.action, response);
    return { raw, digest, mediaType: response.header("content-type") ?? "" };
  };
  return session.fromAny(repository, signal, ask, (endpoint) => serves(endpoint, reference));
}

/** What a tag or digest names, or undefined where it is nowhere. */
export function headManifest(
  session: Session,
  repository: Repository,
  reference: string,
  signal: AbortSignal,
): Promise<Descriptor | undefined> {
  const ask = async (endpoint: Endpoint): Promise<Descriptor | undefined> => {
    const request = manifestRequest("HEAD", endpoint, repository, reference, signal);
    const wanted = endpoint.isMirror ? [200, ...NO_HEAD] : [200, 404, ...NO_HEAD];
    const response = await session.expect(endpoint, request, wanted);
    await response.discard();
    if (response.status === 404) return undefined;
    const digest = isDigest(reference) ? reference : announcedDigest(response);
    const size = Number(response.header("content-length"));
    if (response.status === 200 && digest !== undefined && Number.isSafeInteger(size)) {
      return { mediaType: response.header("content-type")?.split(";", 1)[0] ?? "", digest, size };
    }
    // The two headers are only recommended, and some know no HEAD: then the manifest itself tells.
    const { raw, mediaType } = await getManifest(session, repository, reference, signal);
    return { mediaType, digest: sha256(raw), size: raw.length };
  };
  return session.fromAny(repository, signal, ask, (endpoint) => serves(endpoint, reference));
}

/** Stores a manifest under a tag or its digest. */
export async function putManifest(
  session: Session,
  repository: Repository,
  reference: string,
  mediaType: string,
  raw: Buffer,
  signal: AbortSignal,
): Promise<Digest> {
  const endpoint = session.origin(repository);
  const request: RegistryRequest = {
    method: "PUT",
    path: `manifests/${reference}`,
    headers: { "content-type": mediaType },
    body: raw,
    scopes: [pushScope(endpoint.repository)],
    action: `push ${nameOf(repository, reference)}`,
    signal,
  };
  const response = await session.expect(endpoint, request, [200, 201, 202, 204]);
  await response.discard();
  refuseWebPage(undefined, request.action, response);
  const digest = sha256(raw);
  const announced = announcedDigest(response);
  if (announced === undefined || announced === digest) return digest;
  throw new TsbuildError(
    "DIGEST_MISMATCH",
    `Cannot ${request.action}: ${response.url.host} stored ${announced} instead of ${digest}`,
  );
}

/** For people: `docker.io/library/debian:12`, `…@sha256:…`. */
export function nameOf(repository: Repository, reference: string): string {
  return `${repository.registry}/${repository.name}${reference.includes(":") ? "@" : ":"}${reference}`;
}

function manifestRequest(
  method: "GET" | "HEAD",
  endpoint: Endpoint,
  repository: Repository,
  reference: string,
  signal: AbortSignal,
): RegistryRequest {
  return {
    method,
    path: `manifests/${reference}`,
    headers: { accept: ACCEPT },
    scopes: [pullScope(endpoint.repository)],
    action: `pull ${nameOf(repository, reference)}`,
    signal,
    ...(method === "GET" ? { whole: MAX_MANIFEST } : {}),
  };
}

/** Whether a mirror is to be asked for it (containers-registries.conf(5), pull-from-mirror). */
function serves({ serves: what = "all" }: Endpoint, reference: string): boolean {
  return what === "all" || isDigest(reference) === (what === "digest-only");
}

function announcedDigest(response: HttpResponse): Digest | undefined {
  const header = response.header("docker-content-digest");
  return isDigest(header) ? header : undefined;
}

/** What captive portals and company proxies answer to everything: known by its beginning, else by its type. */
export function refuseWebPage(raw: Buffer | undefined, action: string, response: HttpResponse): void {
  const isPage =
    raw === undefined
      ? /^text\/html\b/.test(response.header("content-type") ?? "")
      : /^\s*</.test(raw.subarray(0, 64).toString("latin1"));
  if (!isPage) return;
  throw new TsbuildError(
    "REGISTRY_RESPONSE",
    `Cannot ${action}: ${response.url.host} sent a web page, not a registry's answer`,
    { hint: "check the registry's name, and whether a proxy or a log-in page is in between" },
  );
}
