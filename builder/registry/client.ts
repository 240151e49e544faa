import { createTransport } from "../net/transport.ts";
import type { Environment, TransportOptions } from "../net/types.ts";
import { hasBlob, mountBlob } from "./blobs.ts";
import { getBlob } from "./download.ts";
import { tlsOf } from "./endpoints.ts";
import { login } from "./login.ts";
import { getManifest, headManifest, putManifest } from "./manifests.ts";
import { putReferrer } from "./referrers.ts";
import { Session } from "./session.ts";
import type { CredentialStore, RegistryClient, RegistryConfig } from "./types.ts";
import { putBlob } from "./upload.ts";

export interface RegistryClientOptions extends Pick<TransportOptions, "timeouts" | "backoff"> {
  readonly config: RegistryConfig;
  readonly credentials: CredentialStore;
  readonly env: Environment;
}

/** A client of all registries. It opens no connection before it is asked for something. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { config, credentials, ...rest } = options;
  const session = new Session(createTransport({ ...rest, tls: tlsOf(config) }), config, credentials);
  return {
    uploads: new Map(),
    prepare: () => session.transport.prepare(),
    getManifest: (...args) => getManifest(session, ...args),
    headManifest: (...args) => headManifest(session, ...args),
    getBlob: (...args) => getBlob(session, ...args),
    hasBlob: (...args) => hasBlob(session, ...args),
    putBlob: (...args) => putBlob(session, ...args),
    mountBlob: (...args) => mountBlob(session, ...args),
    putManifest: (...args) => putManifest(session, ...args),
    putReferrer: (...args) => putReferrer(session, ...args),
    login: (...args) => login(session, ...args),
    close: () => session.transport.close(),
  };
}
