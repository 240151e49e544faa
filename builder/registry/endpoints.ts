import { isLoopback } from "../net/proxy.ts";
import type { TlsSettings } from "../net/types.ts";
import { NO_CERTIFICATES } from "./certs-d.ts";
import { blocked, locationOf, relocated } from "./registries-conf.ts";
import type { Certificates, Location, RegistryConfig, Repository, Serves } from "./types.ts";

/** One server that may have what a repository has. */
export interface Endpoint {
  /** Whose credentials are for it: the registry's name, of a mirror its host. */
  readonly registry: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** The repository's name there. */
  readonly repository: string;
  readonly isMirror: boolean;
  /** Of manifests, what a mirror is asked for; undefined: for all. */
  readonly serves?: Serves;
  /** Where it does not answer over TLS it is asked without. */
  readonly mayBePlain?: boolean;
}

const DOCKER_HUB = "docker.io";
/** Where Docker Hub's API is; docker.io itself is its web site. */
const DOCKER_HUB_HOST = "registry-1.docker.io";

/** The registry itself: the only one that is pushed to. */
export function originOf(repository: Repository, config: RegistryConfig): Endpoint {
  const host = hostOf(repository.registry);
  const scheme = isPlain(repository.registry, config) ? "http" : "https";
  return {
    registry: repository.registry,
    origin: new URL(`${scheme}://${host}`).origin,
    repository: repository.name,
    isMirror: false,
    ...(scheme === "https" && mayBePlain(repository.registry, config) ? { mayBePlain: true } : {}),
  };
}

/**
 * All that may be asked in a pull, in order: the mirrors of our own configuration, else those of registries.conf; then
 * the registry itself, or what registries.conf has in its place.
 */
export function endpointsOf(repository: Repository, config: RegistryConfig): readonly Endpoint[] {
  const mirrors = config.registries.get(repository.registry)?.mirrors ?? [];
  const origin = originOf(repository, config);
  const name = `${repository.registry}/${repository.name}`;
  const location = locationOf(config.locations ?? [], name);
  if (location?.blocked === true) throw blocked(name, location);
  if (mirrors.length > 0) return [...mirrors.map((mirror) => mirrorOf(mirror, repository, config)), origin];
  if (location === undefined) return [origin];
  const { prefix } = location;
  const at = (place: string): Endpoint => placeOf(relocated(name, prefix, place), config);
  return [
    ...location.mirrors.map(({ location, serves }) => ({ ...at(location), isMirror: true, serves })),
    location.location === "" ? origin : at(location.location),
  ];
}

/** How to check the certificate of a URL's host: by the table of the registry that is there. */
export function tlsOf(config: RegistryConfig): (url: URL) => TlsSettings | undefined {
  const byHost = new Map<string, string>();
  for (const name of config.registries.keys()) byHost.set(new URL(`https://${hostOf(name)}`).host, name);
  return (url) => {
    const { insecure, ca, keypairs } = tlsOfRegistry(byHost.get(url.host) ?? url.host, config);
    const isUsual = insecure !== true && ca.length === 0 && keypairs.length === 0;
    return isUsual ? undefined : { ...(insecure === true ? { insecure } : {}), ca, keypairs };
  };
}

/** All that is said about a registry's certificates: our table's word before certs.d and registries.conf. */
function tlsOfRegistry(
  registry: string,
  config: RegistryConfig,
): Certificates & { readonly insecure?: boolean } {
  const own = config.registries.get(registry);
  const others = certificatesOf(hostOf(registry), config);
  const insecure = own?.insecure ?? isInsecure(registry, config.locations ?? []);
  return {
    ca: [...(own?.ca ?? []), ...others.ca],
    keypairs: own?.keypairs ?? others.keypairs,
    ...(insecure ? { insecure } : {}),
  };
}

/** URLs leave out the port of https, which the name of a folder may well have. */
function certificatesOf(host: string, { certificates }: RegistryConfig): Certificates {
  const found = certificates?.(host) ?? NO_CERTIFICATES;
  const hasPort = /:\d+$/.test(host);
  return found === NO_CERTIFICATES && !hasPort ? (certificates?.(`${host}:443`) ?? found) : found;
}

/** Whether registries.conf lets a host's certificate go unchecked. */
function isInsecure(host: string, locations: readonly Location[]): boolean {
  const isThere = (place: string): boolean => place.split("/", 1)[0] === host;
  return locations.some(
    ({ prefix, location, insecure, mirrors }) =>
      (insecure && isThere(location || prefix)) ||
      mirrors.some((mirror) => mirror.insecure && isThere(mirror.location)),
  );
}

/** containers-registries.conf(5): insecure is TLS that is not checked, and where there is none plain HTTP. */
function mayBePlain(registry: string, config: RegistryConfig): boolean {
  const own = config.registries.get(registry);
  return own?.http === undefined && own?.insecure !== true && isInsecure(registry, config.locations ?? []);
}

/** The endpoint of `host[:port]/repository`. */
function placeOf(place: string, config: RegistryConfig): Endpoint {
  const slash = place.indexOf("/");
  return originOf({ registry: place.slice(0, slash), name: place.slice(slash + 1) }, config);
}

function mirrorOf(mirror: string, repository: Repository, config: RegistryConfig): Endpoint {
  const hasScheme = mirror.includes("://");
  const url = new URL(hasScheme ? mirror : `https://${mirror}`);
  const name = url.host;
  const plain = hasScheme ? url.protocol === "http:" : isPlain(name, config);
  const path = url.pathname.replace(/^\/(v2\/)?|\/+$/g, "");
  return {
    registry: name,
    origin: new URL(`${plain ? "http" : "https"}://${hasScheme ? url.host : mirror.split("/", 1)[0]}`).origin,
    repository: path === "" ? repository.name : `${path}/${repository.name}`,
    isMirror: true,
  };
}

/** Loopback is plain unless something says TLS: nobody can listen there who could not listen here. */
function isPlain(registry: string, config: RegistryConfig): boolean {
  const http = config.registries.get(registry)?.http;
  if (http !== undefined) return http;
  const host = hostOf(registry);
  if (!isLoopback(new URL(`https://${host}`).hostname)) return false;
  const { insecure, ca, keypairs } = tlsOfRegistry(registry, config);
  return insecure !== true && ca.length === 0 && keypairs.length === 0;
}

function hostOf(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_HOST : registry;
}
