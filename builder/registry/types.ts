import type { Digest } from "../core/digest.ts";
import type { Descriptor } from "../image/types.ts";

/** One repository of one registry, `docker.io` + `library/debian`. All of it as OCI distribution-spec has it. */
export interface Repository {
  readonly registry: string;
  readonly name: string;
}

export interface FetchedManifest {
  readonly raw: Buffer;
  readonly digest: Digest;
  readonly mediaType: string;
}

export interface TransferProgress {
  (current: number, total: number | undefined): void;
}

export interface RegistryClient {
  /** A manifest or an index, by tag or digest; from a mirror where one is configured. Its digest is verified. */
  getManifest(repository: Repository, reference: string, signal: AbortSignal): Promise<FetchedManifest>;
  /** The descriptor of what a tag or digest names, or undefined where it is not there (HEAD). */
  headManifest(
    repository: Repository,
    reference: string,
    signal: AbortSignal,
  ): Promise<Descriptor | undefined>;
  /** The bytes of a blob. They end with DIGEST_MISMATCH where they do not have the descriptor's size and digest. */
  getBlob(repository: Repository, descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Buffer>;
  hasBlob(repository: Repository, digest: Digest, signal: AbortSignal): Promise<boolean>;
  /** Uploads a blob from its beginning; `open` is called again for a retry. True where it was there already. */
  putBlob(
    repository: Repository,
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    progress?: TransferProgress,
  ): Promise<void>;
  /** Makes a blob of another repository of the same registry appear here; false where the registry does not. */
  mountBlob(repository: Repository, digest: Digest, from: string, signal: AbortSignal): Promise<boolean>;
  putManifest(
    repository: Repository,
    reference: string,
    mediaType: string,
    raw: Buffer,
    signal: AbortSignal,
  ): Promise<Digest>;
  close(): Promise<void>;
}
