import { isLoopback } from "../net/proxy.ts";
import type { TlsSettings } from "../net/types.ts";
import type { RegistryConfig, RegistrySettings, Repository } from "./types.ts";

/** One server that may have what a repository has. */
export interface Endpoint {
  /** Whose credentials are for it: the registry's name, of a mirror its host. */
  readonly registry: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** The repository's name there. */
  readonly repository: string;
  readonly isMirror: boolean;
}

const DOCKER_HUB = "docker.io";
/** Where Docker Hub's API is; docker.io itself is its web site. */
const DOCKER_HUB_HOST = "registry-1.docker.io";

/** The registry itself: the only one that is pushed to. */
export function originOf(repository: Repository, config: RegistryConfig): Endpoint {
  const host = hostOf(repository.registry);
  const scheme = isPlain(host, config.registries.get(repository.registry)) ? "http" : "https";
  return {
    registry: repository.registry,
    origin: new URL(`${scheme}://${host}`).origin,
    repository: repository.name,
    isMirror: false,
  };
}

/** All that may be asked in a pull, in order: the mirrors, then the registry itself. */
export function endpointsOf(repository: Repository, config: RegistryConfig): readonly Endpoint[] {
  const mirrors = config.registries.get(repository.registry)?.mirrors ?? [];
  return [...mirrors.map((mirror) => mirrorOf(mirror, repository, config)), originOf(repository, config)];
}

/** How to check the certificate of a URL's host: by the table of the registry that is there. */
export function tlsOf(config: RegistryConfig): (url: URL) => TlsSettings | undefined {
  const byHost = new Map<string, TlsSettings>();
  for (const [name, settings] of config.registries) {
    byHost.set(new URL(`https://${hostOf(name)}`).host, {
      ...(settings.insecure === undefined ? {} : { insecure: settings.insecure }),
      ca: settings.ca,
    });
  }
  return (url) => byHost.get(url.host);
}

function mirrorOf(mirror: string, repository: Repository, config: RegistryConfig): Endpoint {
  const hasScheme = mirror.includes("://");
  const url = new URL(hasScheme ? mirror : `https://${mirror}`);
  const name = url.host;
  const plain = hasScheme ? url.protocol === "http:" : isPlain(name, config.registries.get(name));
  const path = url.pathname.replace(/^\/(v2\/)?|\/+$/g, "");
  return {
    registry: name,
    origin: new URL(`${plain ? "http" : "https"}://${hasScheme ? url.host : mirror.split("/", 1)[0]}`).origin,
    repository: path === "" ? repository.name : `${path}/${repository.name}`,
    isMirror: true,
  };
}

/** Loopback is plain unless something says TLS: nobody can listen there who could not listen here. */
function isPlain(host: string, settings: RegistrySettings | undefined): boolean {
  if (settings?.http !== undefined) return settings.http;
  if (settings?.insecure === true || (settings?.ca.length ?? 0) > 0) return false;
  return isLoopback(new URL(`https://${host}`).hostname);
}

function hostOf(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_HOST : registry;
}
