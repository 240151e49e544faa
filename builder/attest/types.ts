import type { Digest } from "../core/digest.ts";
import type { Descriptor } from "../image/types.ts";

/** What is stated of an image: in-toto's predicate and its type (https://github.com/in-toto/attestation, spec/v1). */
export interface Predicate {
  readonly predicateType: string;
  readonly predicate: object;
}

/** All that is stated of one image, and by what names it is known. */
export interface Attestations {
  readonly names: readonly string[];
  readonly predicates: readonly Predicate[];
}

/** An artifact that refers to an image (OCI image-spec, manifest.md#guidelines-for-artifact-usage). */
export interface Referrer {
  readonly subject: Digest;
  readonly raw: Buffer;
  readonly descriptor: Descriptor & { readonly artifactType: string };
  /** The statement, and the empty config that every artifact has. */
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly data: Buffer }[];
}

/** A package that was found in an image. */
export interface FoundPackage {
  readonly kind: "deb" | "apk" | "rpm" | "npm";
  readonly name: string;
  readonly version: string;
  readonly architecture?: string;
  /** As the package says it: not always an expression of SPDX. */
  readonly license?: string;
  readonly supplier?: string;
  /** What it was built from, where that has another name. */
  readonly source?: string;
  /** The file that names it. */
  readonly path: string;
}
