import { sha256, type Digest } from "../core/digest.ts";
import type { Platform } from "../core/platform.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import { imagePurl } from "./purl.ts";
import type { Attestations, Predicate, Referrer } from "./types.ts";

const IN_TOTO = "application/vnd.in-toto+json";
const PREDICATE_TYPE = "in-toto.io/predicate-type";
/** OCI image-spec, manifest.md#guidance-for-an-empty-descriptor. */
const EMPTY = { mediaType: "application/vnd.oci.empty.v1+json", data: Buffer.from("{}") };

/** The artifacts that state something of an image: one for each predicate. Equal statements are equal bytes. */
export function referrersOf(
  subject: Descriptor,
  platform: Platform,
  { names, predicates }: Attestations,
): readonly Referrer[] {
  return predicates.map((predicate) =>
    referrerOf(subject, subjectsOf(names, platform, subject.digest), predicate),
  );
}

/** What an artifact of ours states; undefined for what is none. */
export function predicateIn(statement: unknown): Predicate | undefined {
  const { predicateType, predicate } = Object(statement) as { predicateType?: unknown; predicate?: unknown };
  return typeof predicateType === "string" && typeof predicate === "object" && predicate !== null
    ? { predicateType, predicate }
    : undefined;
}

function referrerOf(
  { mediaType, digest, size }: Descriptor,
  subject: readonly object[],
  { predicateType, predicate }: Predicate,
): Referrer {
  const statement = Buffer.from(
    JSON.stringify({ _type: "https://in-toto.io/Statement/v1", subject, predicateType, predicate }),
  );
  const annotations = { [PREDICATE_TYPE]: predicateType };
  const layer = { ...describe(IN_TOTO, statement), annotations };
  const config = describe(EMPTY.mediaType, EMPTY.data);
  const raw = Buffer.from(
    JSON.stringify(
      {
        schemaVersion: 2,
        mediaType: MEDIA_TYPES.ociManifest,
        artifactType: IN_TOTO,
        config: { ...config, data: EMPTY.data.toString("base64") },
        layers: [layer],
        subject: { mediaType, digest, size },
        annotations,
      },
      undefined,
      2,
    ),
  );
  return {
    subject: digest,
    raw,
    descriptor: { ...describe(MEDIA_TYPES.ociManifest, raw), artifactType: IN_TOTO, annotations },
    blobs: [
      { descriptor: layer, data: statement },
      { descriptor: config, data: EMPTY.data },
    ],
  };
}

function subjectsOf(names: readonly string[], platform: Platform, digest: Digest): readonly object[] {
  const known = names.length === 0 ? ["_"] : names.map((name) => imagePurl(name, platform));
  return known.map((name) => ({ name, digest: { sha256: digest.slice("sha256:".length) } }));
}

function describe(mediaType: string, data: Buffer): Descriptor {
  return { mediaType, digest: sha256(data), size: data.length };
}
