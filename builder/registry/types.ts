import type { Digest } from "../core/digest.ts";
import type { Descriptor } from "../image/types.ts";
import type { KeyPair } from "../net/types.ts";

/** How one registry is reached: a table `[registry."docker.io"]` of the configuration. */
export interface RegistrySettings {
  /** Asked before the registry itself, in this order: `host[:port][/path]`, with a scheme where it matters. */
  readonly mirrors: readonly string[];
  /** Plain HTTP; undefined: for loopback addresses alone. */
  readonly http?: boolean;
  /** TLS whose certificate is not checked. */
  readonly insecure?: boolean;
  /** PEM files of certificate authorities; absolute paths. */
  readonly ca: readonly string[];
  /** Client certificates with their keys; absolute paths. */
  readonly keypairs?: readonly KeyPair[];
}

/** How registries are reached: our own tables, and what other tools are configured with. */
export interface RegistryConfig {
  /** By registry name, as it stands in references: `docker.io`, `localhost:5000`. */
  readonly registries: ReadonlyMap<string, RegistrySettings>;
  /** What the certs.d folders have for a host[:port]. */
  certificates?(host: string): Certificates;
  /** The tables of registries.conf. */
  readonly locations?: readonly Location[];
}

/** Certificates for one host, as docker and podman keep them. */
export interface Certificates {
  readonly ca: readonly string[];
  readonly keypairs: readonly KeyPair[];
}

/** A `[[registry]]` of containers-registries.conf(5): where what begins with `prefix` is pulled from. */
export interface Location {
  /** `host[:port][/path]`, or `*.host`. */
  readonly prefix: string;
  /** Stands in the prefix's place; "" for the prefix itself. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  /** Asked before it, in this order; each in the prefix's place. */
  readonly mirrors: readonly LocationMirror[];
  /** The file that says so. */
  readonly file: string;
}

export interface LocationMirror {
  readonly location: string;
  readonly insecure: boolean;
  /** Asked for manifests that are named by digest alone, by tag alone, or for all (pull-from-mirror). */
  readonly serves: Serves;
}

export type Serves = "all" | "digest-only" | "tag-only";

/** What proves to a registry who asks. */
export type Credential =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token (docker: identity token). */
  | { readonly kind: "identity"; readonly token: string };

/** Where credentials are found. */
export interface CredentialStore {
  /** For exactly this host and port; `repository` for entries that are for a part of a registry. */
  find(registry: string, repository: string, signal: AbortSignal): Promise<Credential | undefined>;
}

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

/** An artifact with a subject (OCI image-spec, manifest.md). */
export interface ReferrerManifest {
  readonly subject: Digest;
  readonly raw: Buffer;
  readonly descriptor: Descriptor & { readonly artifactType: string };
}

export interface TransferProgress {
  (current: number, total: number | undefined): void;
}

/** An upload that goes on: whoever wants the blob elsewhere in that registry lets it end, and has it taken over. */
export interface StartedUpload {
  /** Of the repository. */
  readonly name: string;
  /** Whether it is there then. */
  readonly done: Promise<boolean>;
}

export interface RegistryClient {
  /** What pushes have begun to upload, by `REGISTRY DIGEST`, and to bring in whatever way, by `REGISTRY/NAME DIGEST`. */
  readonly uploads: Map<string, StartedUpload>;
  /** Loads what requests need: to be called where other work comes before the first one. */
  prepare(): void;
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
  /** Uploads a blob from its beginning; `open` is called again for a retry. */
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
  /** Stores an artifact that refers to a manifest, and lists it under the subject's tag where the registry keeps no list. */
  putReferrer(repository: Repository, referrer: ReferrerManifest, signal: AbortSignal): Promise<void>;
  /** Proves a credential to a registry; REGISTRY_AUTH where it refuses it. False where the registry asks for none. */
  login(registry: string, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}
