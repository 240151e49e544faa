import { isDigest, type Digest } from "../core/digest.ts";
import { parseJson } from "../core/json.ts";
import type { RefTarget, Store } from "../store/types.ts";
import { predicateIn } from "./statement.ts";
import type { Attestations, Predicate } from "./types.ts";

/** A statement of an image, and the artifact that has it. */
interface StoredPredicate extends Predicate {
  readonly artifact: Digest;
}

/** What the store's artifacts state of an image, by the digest of its manifest. */
export function storedPredicates(
  { blobs }: Pick<Store, "blobs">,
  { referrers = [] }: Pick<RefTarget, "referrers">,
  manifest: Digest,
): readonly StoredPredicate[] {
  const document = (digest: Digest): Readonly<Record<string, unknown>> =>
    blobs.has(digest) ? Object(parseJson(blobs.read(digest), "a statement")) : {};
  return referrers.flatMap((digest) => {
    const { subject, layers } = document(digest);
    if (Object(subject).digest !== manifest || !Array.isArray(layers)) return [];
    return layers.flatMap((layer: unknown) => {
      const blob: unknown = Object(layer).digest;
      const found = isDigest(blob) ? predicateIn(document(blob)) : undefined;
      return found === undefined ? [] : [{ ...found, artifact: digest }];
    });
  });
}

/** The same, to be stated again under another name; undefined where nothing is stated. */
export function storedAttestations(
  store: Pick<Store, "blobs">,
  target: Pick<RefTarget, "referrers">,
  manifest: Digest,
  name: string,
): Attestations | undefined {
  const predicates = storedPredicates(store, target, manifest);
  return predicates.length === 0 ? undefined : { names: [name], predicates };
}
