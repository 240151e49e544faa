import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Environment, KeyPair } from "../net/types.ts";
import { certificatesOf } from "./certs-d.ts";
import { loadLocations } from "./registries-conf.ts";
import { invalidConfig, parseToml, type Table } from "./toml.ts";
import type { RegistryConfig, RegistrySettings } from "./types.ts";

const KEYS = ["mirrors", "http", "insecure", "ca", "keypair"] as const;

/**
 * What is configured about registries: /etc/tsbuild/config.toml, over it the user's file ($XDG_CONFIG_HOME/tsbuild/config.toml),
 * over both TSBUILD_REGISTRY_MIRRORS. TSBUILD_CONFIG names one file that is read instead of the two. The keys are those of
 * buildkitd.toml. `system` is where the machine's own files are. Where they say nothing, the certs.d folders and the registries.conf of docker and podman count.
 */
export async function loadRegistryConfig(env: Environment, system = "/etc"): Promise<RegistryConfig> {
  const registries = new Map<string, RegistrySettings>();
  for (const path of configFiles(env, system)) {
    const text = readConfig(path, path === env["TSBUILD_CONFIG"]);
    if (text === undefined) continue;
    for (const [name, settings] of readRegistries(await parseToml(text, path), path)) {
      registries.set(name, { ...(registries.get(name) ?? NOTHING_SET), ...settings });
    }
  }
  for (const [name, mirrors] of mirrorsOf(env["TSBUILD_REGISTRY_MIRRORS"] ?? "")) {
    registries.set(name, { ...(registries.get(name) ?? NOTHING_SET), mirrors });
  }
  return {
    registries,
    certificates: certificatesOf(env, system),
    locations: await loadLocations(env, system),
  };
}

const NOTHING_SET: RegistrySettings = { mirrors: [], ca: [] };

function configFiles(env: Environment, system: string): readonly string[] {
  if (env["TSBUILD_CONFIG"]) return [env["TSBUILD_CONFIG"]];
  const home = env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config");
  return [join(system, "tsbuild/config.toml"), join(home, "tsbuild/config.toml")];
}

function readConfig(path: string, required: boolean): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = errnoOf(cause);
    if (!required && (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES")) return undefined;
    throw new TsbuildError("CONFIG_INVALID", `Cannot read the configuration "${path}": ${messageOf(cause)}`, {
      cause,
    });
  }
}

function* readRegistries(document: Table, path: string): Generator<[string, Partial<RegistrySettings>]> {
  checkKeys(document, ["registry"], "", path);
  const registry = document["registry"];
  if (registry === undefined) return;
  for (const [name, value] of Object.entries(table(registry, "registry", path))) {
    const place = `registry."${name}"`;
    if (!isRegistry(name)) throw invalidConfig(path, `"${name}" is not a registry's host[:port]`);
    const settings = table(value, place, path);
    checkKeys(settings, KEYS, place, path);
    yield [name, readSettings(settings, place, path)];
  }
}

function readSettings(settings: Table, place: string, path: string): Partial<RegistrySettings> {
  const { mirrors, http, insecure, ca, keypair } = settings;
  const absolute = (file: string): string => resolve(dirname(path), file);
  return {
    ...(mirrors === undefined
      ? {}
      : { mirrors: strings(mirrors, `${place}.mirrors`, path).map(checkMirror) }),
    ...(http === undefined ? {} : { http: boolean(http, `${place}.http`, path) }),
    ...(insecure === undefined ? {} : { insecure: boolean(insecure, `${place}.insecure`, path) }),
    ...(ca === undefined ? {} : { ca: strings(ca, `${place}.ca`, path).map(absolute) }),
    ...(keypair === undefined ? {} : { keypairs: keyPairs(keypair, `${place}.keypair`, path, absolute) }),
  };
}

function keyPairs(
  value: unknown,
  place: string,
  path: string,
  absolute: (file: string) => string,
): readonly KeyPair[] {
  const pairs: readonly unknown[] = Array.isArray(value) ? value : [value];
  return pairs.map((pair) => {
    const { cert, key } = table(pair, place, path);
    if (typeof cert === "string" && typeof key === "string")
      return { cert: absolute(cert), key: absolute(key) };
    throw invalidConfig(
      path,
      `${place} has no cert and key`,
      'write for example { cert = "me.pem", key = "me.key" }',
    );
  });
}

/** `docker.io=http://127.0.0.1:5000,quay.io=…`; a registry that is named again has several. */
function mirrorsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const part of text.split(",").map((part) => part.trim())) {
    if (part === "") continue;
    const [, name = "", mirror = ""] = /^([^=]*)=(.*)$/.exec(part) ?? [];
    if (!isRegistry(name) || mirror === "") {
      throw new TsbuildError(
        "CONFIG_INVALID",
        `Cannot use TSBUILD_REGISTRY_MIRRORS: "${part}" is not registry=mirror`,
        { hint: "write for example docker.io=http://127.0.0.1:5000" },
      );
    }
    found.set(name, [...(found.get(name) ?? []), checkMirror(mirror)]);
  }
  return found;
}

function checkMirror(mirror: string): string {
  const text = mirror.includes("://") ? mirror : `https://${mirror}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const odd = url === undefined || url.username !== "" || url.search !== "" || url.hash !== "";
  if (!odd && (url.protocol === "http:" || url.protocol === "https:")) return mirror;
  throw new TsbuildError(
    "CONFIG_INVALID",
    `Cannot use the mirror "${mirror}": it is not [http(s)://]host[:port][/path]`,
    { hint: "credentials of a mirror belong into the docker config.json, under its host" },
  );
}

function isRegistry(name: string): boolean {
  return /^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/.test(name);
}

function checkKeys(found: Table, known: readonly string[], place: string, path: string): void {
  for (const key of Object.keys(found)) {
    if (known.includes(key)) continue;
    const where = place === "" ? "" : ` in [${place}]`;
    throw invalidConfig(
      path,
      `"${key}"${where} is not known`,
      didYouMean(key, known) ?? `known: ${known.join(", ")}`,
    );
  }
}

function table(value: unknown, place: string, path: string): Table {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Table;
  throw invalidConfig(path, `${place} is not a table`);
}

function boolean(value: unknown, place: string, path: string): boolean {
  if (typeof value === "boolean") return value;
  throw invalidConfig(path, `${place} is not true or false`);
}

function strings(value: unknown, place: string, path: string): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw invalidConfig(path, `${place} is not a list of strings`, 'write for example ["mirror.example.com"]');
}
