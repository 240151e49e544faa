import { hexOf, isDigest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { MEDIA_TYPES } from "../image/types.ts";
import type { Endpoint } from "./endpoints.ts";
import { nameOf } from "./manifests.ts";
import { pushScope, type RegistryRequest, type Session } from "./session.ts";
import type { ReferrerManifest, Repository } from "./types.ts";

/** OCI distribution-spec: what every registry must take. */
const MAX_INDEX = 4 << 20;

/**
 * Stores an artifact that has a subject. A registry that keeps lists of referrers says so (`OCI-Subject`); in others the
 * list is an index under the tag `sha256-<hex of the subject>` (OCI distribution-spec, "Pushing Manifests with Subject").
 */
export async function putReferrer(
  session: Session,
  repository: Repository,
  { subject, raw, descriptor }: ReferrerManifest,
  signal: AbortSignal,
): Promise<void> {
  const endpoint = session.origin(repository);
  const put = async (reference: string, mediaType: string, body: Buffer): Promise<boolean> => {
    const request = requestOf(endpoint, repository, reference, signal);
    const headers = { "content-type": mediaType };
    const response = await session.expect(
      endpoint,
      { ...request, method: "PUT", headers, body },
      [200, 201, 202],
    );
    await response.discard();
    return response.header("oci-subject") !== undefined;
  };
  if (await put(descriptor.digest, descriptor.mediaType, raw)) return;
  const tag = `sha256-${hexOf(subject)}`;
  const others = await listed(session, endpoint, requestOf(endpoint, repository, tag, signal));
  if (others.some(({ digest }) => digest === descriptor.digest)) return;
  const manifests = [...others, descriptor];
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests };
  await put(tag, MEDIA_TYPES.ociIndex, Buffer.from(JSON.stringify(index, undefined, 2)));
}

/** What is in the list now, with all that others wrote of theirs. */
async function listed(
  session: Session,
  endpoint: Endpoint,
  request: RegistryRequest,
): Promise<readonly { readonly digest: string }[]> {
  const headers = { accept: MEDIA_TYPES.ociIndex };
  const response = await session.expect(endpoint, { ...request, method: "GET", headers }, [200, 404]);
  if (response.status === 404) {
    await response.discard();
    return [];
  }
  const document = parseJson(await response.bytes(MAX_INDEX), "the list of referrers");
  const { manifests } = Object(document) as { readonly manifests?: unknown };
  const list: readonly unknown[] = Array.isArray(manifests) ? manifests : [];
  const known = list.filter((one): one is { digest: string } => isDigest(Object(one).digest));
  if (Array.isArray(manifests) && known.length === list.length) return known;
  throw new TsbuildError(
    "REGISTRY_RESPONSE",
    `Cannot ${request.action}: what has this tag is no list of referrers`,
    { hint: "remove the tag from the registry" },
  );
}

function requestOf(
  endpoint: Endpoint,
  repository: Repository,
  reference: string,
  signal: AbortSignal,
): RegistryRequest {
  return {
    method: "GET",
    path: `manifests/${reference}`,
    scopes: [pushScope(endpoint.repository)],
    action: `push ${nameOf(repository, reference)}`,
    signal,
  };
}
