import { createHash, hash } from "node:crypto";

/** `sha256:` and 64 lower-case hex digits (OCI image-spec, descriptor.md#digests). */
export type Digest = string & { readonly __digest: true };
/** The digest of a layer's uncompressed tar (OCI image-spec, config.md). */
export type DiffId = Digest & { readonly __diffId: true };

/** Of no bytes. */
export const EMPTY_DIGEST =
  "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" as Digest;

/** sha256 alone: a digest becomes a file name, so no other algorithm or shape may pass (CVE-2024-3727). */
const DIGEST = /^sha256:[a-f0-9]{64}$/;

export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && DIGEST.test(text);
}

export function sha256(data: string | Uint8Array): Digest {
  return `sha256:${hash("sha256", data, "hex")}` as Digest;
}

/** A digest of bytes that arrive in pieces. */
export class Hasher {
  readonly #hash = createHash("sha256");

  update(data: string | Uint8Array): this {
    this.#hash.update(data);
    return this;
  }

  digest(): Digest {
    return `sha256:${this.#hash.digest("hex")}` as Digest;
  }
}

export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

/** For people: the first 12 digits, as docker prints ids. */
export function shortDigest(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}
