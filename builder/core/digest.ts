import { createHash, hash, type Hash } from "node:crypto";
import { sha256Small, SMALL } from "./sha256-small.ts";

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

/**
 * So many bytes are hashed without node:crypto: a cached build has about ten thousand, and what hashes more makes up for its
 * loading.
 */
let left = 256 * 1024;

/** Of what arrives in pieces, as much is kept to see whether more comes. */
const PIECES = 16 * 1024;

/** Whether so many bytes are few enough. */
function isSmall(size: number): boolean {
  if (size > SMALL || size > left) return false;
  left -= size;
  return true;
}

export function sha256(data: string | Uint8Array): Digest {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  const hex = isSmall(bytes.length) ? sha256Small(bytes).toString("hex") : hash("sha256", bytes, "hex");
  return `sha256:${hex}` as Digest;
}

/** The 32 bytes of a digest. */
export function sha256Bytes(data: Uint8Array): Buffer {
  return isSmall(data.length) ? sha256Small(data) : createHash("sha256").update(data).digest();
}

/** A digest of bytes that arrive in pieces. */
export class Hasher {
  /** What arrived while it was little. */
  #pieces: Buffer[] = [];
  #size = 0;
  #hash: Hash | undefined;

  update(data: string | Uint8Array): this {
    if (this.#hash === undefined && this.#size + data.length <= Math.min(PIECES, left)) {
      // A copy: whoever gave it may use its memory again.
      const piece = Buffer.from(data);
      this.#pieces.push(piece);
      this.#size += piece.length;
      return this;
    }
    this.#begun().update(data);
    return this;
  }

  digest(): Digest {
    if (this.#hash === undefined) return sha256(Buffer.concat(this.#pieces));
    return `sha256:${this.#hash.digest("hex")}` as Digest;
  }

  #begun(): Hash {
    if (this.#hash !== undefined) return this.#hash;
    this.#hash = createHash("sha256");
    for (const piece of this.#pieces.splice(0)) this.#hash.update(piece);
    return this.#hash;
  }
}

export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

/** For people: the first 12 digits, as docker prints ids. */
export function shortDigest(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}
