import { readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import type { Environment } from "../net/types.ts";
import { invalidConfig, parseToml, type Table } from "./toml.ts";
import type { Location, LocationMirror } from "./types.ts";

/**
 * The `[[registry]]` tables of podman's and buildah's registries.conf, version 2 (containers-registries.conf(5)): of the
 * user's file or else the system's, and of the drop-ins beside it, a later one of the same prefix replacing an earlier.
 * What it says about short names is not used: a name without a registry is Docker Hub's.
 */
export async function loadLocations(env: Environment, system = "/etc"): Promise<readonly Location[]> {
  const locations = new Map<string, Location>();
  for (const path of filesOf(env, system)) {
    const text = read(path);
    if (text === undefined) continue;
    for (const location of readLocations(await parseToml(text, path), path)) {
      locations.set(location.prefix, location);
    }
  }
  return [...locations.values()];
}

/** The table with the longest prefix of a repository, if there is any. */
export function locationOf(locations: readonly Location[], repository: string): Location | undefined {
  let best: Location | undefined;
  for (const location of locations) {
    const longer = best === undefined || location.prefix.length > best.prefix.length;
    if (longer && prefixLength(location.prefix, repository) !== undefined) best = location;
  }
  return best;
}

/** A repository with `place` instead of the prefix; as it is where `place` is "". */
export function relocated(repository: string, prefix: string, place: string): string {
  if (place === "") return repository;
  return `${place}${repository.slice(prefixLength(prefix, repository) ?? 0)}`;
}

/** How much of the repository a prefix covers: whole components; with `*.`, any host below a domain. */
function prefixLength(prefix: string, repository: string): number | undefined {
  if (prefix.startsWith("*.")) {
    const host = repository.split("/", 1)[0] ?? "";
    return host.endsWith(prefix.slice(1)) ? host.length : undefined;
  }
  if (!repository.startsWith(prefix)) return undefined;
  return repository.length === prefix.length || repository[prefix.length] === "/" ? prefix.length : undefined;
}

function filesOf(env: Environment, system: string): readonly string[] {
  const config = env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config");
  const user = join(config, "containers/registries.conf");
  const named = env["CONTAINERS_REGISTRIES_CONF"];
  const main = named
    ? [named]
    : [read(user) === undefined ? join(system, "containers/registries.conf") : user];
  return [...main, ...dropIns(join(system, "containers/registries.conf.d")), ...dropIns(`${user}.d`)];
}

function dropIns(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".conf"))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return undefined;
    throw invalidConfig(path, messageOf(cause));
  }
}

function* readLocations(document: Table, path: string): Generator<Location> {
  if (document["registries"] !== undefined) {
    const hint =
      "write [[registry]] tables (containers-registries.conf(5)); [registries.search] and the like are gone";
    throw invalidConfig(path, "it is in version 1 of its format", hint);
  }
  const tables = document["registry"] ?? [];
  if (!Array.isArray(tables)) throw invalidConfig(path, "registry is not a list of tables");
  for (const value of tables as readonly unknown[]) {
    const table = Object(value) as Table;
    const location = text(table, "location", path);
    const prefix = text(table, "prefix", path) || location;
    if (prefix === "") throw invalidConfig(path, "a [[registry]] has neither prefix nor location");
    const mirrors = (table["mirror"] ?? []) as unknown;
    if (!Array.isArray(mirrors)) throw invalidConfig(path, `mirror of "${prefix}" is not a list of tables`);
    yield {
      prefix,
      location: location === prefix || prefix.startsWith("*.") ? "" : location,
      insecure: table["insecure"] === true,
      blocked: table["blocked"] === true,
      mirrors: (mirrors as readonly unknown[]).map((mirror) =>
        mirrorOf(Object(mirror) as Table, table["mirror-by-digest-only"] === true, path),
      ),
      file: path,
    };
  }
}

function mirrorOf(table: Table, byDigestOnly: boolean, path: string): LocationMirror {
  const location = text(table, "location", path);
  if (location === "") throw invalidConfig(path, "a [[registry.mirror]] has no location");
  const serves = text(table, "pull-from-mirror", path) || (byDigestOnly ? "digest-only" : "all");
  if (serves === "all" || serves === "digest-only" || serves === "tag-only")
    return { location, insecure: table["insecure"] === true, serves };
  throw invalidConfig(
    path,
    `pull-from-mirror of "${location}" is "${serves}"`,
    "it is all, digest-only or tag-only",
  );
}

function text(table: Table, key: string, path: string): string {
  const value = table[key] ?? "";
  if (typeof value === "string") return value.replace(/\/+$/, "");
  throw invalidConfig(path, `${key} is not a string`);
}

/** For a repository that may not be pulled. */
export function blocked(repository: string, { prefix, file }: Location): TsbuildError {
  return new TsbuildError("CONFIG_INVALID", `Cannot use ${repository}: "${prefix}" is blocked`, {
    hint: `${file} says blocked = true`,
  });
}
