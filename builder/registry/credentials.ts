import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import { registerSecret } from "../core/redact.ts";
import type { Environment } from "../net/types.ts";
import { askHelper } from "./credential-helper.ts";
import { Shared } from "./shared.ts";
import type { Credential, CredentialStore } from "./types.ts";

/** Docker's name for Docker Hub, since its first API; helpers are asked for it too. */
export const DOCKER_HUB_KEY = "https://index.docker.io/v1/";
const DOCKER_HUB_HOSTS: ReadonlySet<string> = new Set([
  "docker.io",
  "index.docker.io",
  "registry-1.docker.io",
]);

interface CredentialFile {
  readonly auths: ReadonlyMap<string, Credential>;
  readonly helpers: ReadonlyMap<string, string>;
  readonly store: string | undefined;
}

/**
 * Credentials as docker, podman and buildah have them: DOCKER_AUTH_CONFIG, REGISTRY_AUTH_FILE, docker's config.json ($DOCKER_CONFIG, ~/.docker),
 * containers' auth.json. Nothing is read before somebody asks; a host's answer is kept.
 */
export function loadCredentials(env: Environment): CredentialStore {
  let files: readonly CredentialFile[] | undefined;
  const fromHelpers = new Shared<Credential | undefined>();
  return {
    async find(registry, repository, signal) {
      files ??= [...readVariable(env["DOCKER_AUTH_CONFIG"]), ...filesOf(env).flatMap(readCredentialFile)];
      for (const file of files) {
        const helper = helperFor(file, registry);
        if (helper !== undefined) {
          const server = isDockerHub(registry) ? DOCKER_HUB_KEY : registry;
          const ask = (): Promise<Credential | undefined> => askHelper(helper, server, env, signal);
          const credential = await fromHelpers.get(`${helper} ${server}`, signal, ask);
          if (credential !== undefined) return credential;
        }
        const credential = findAuth(file, registry, repository);
        if (credential !== undefined) return credential;
      }
      return undefined;
    },
  };
}

function filesOf(env: Environment): readonly string[] {
  const home = env["HOME"] || homedir();
  const files = [
    join(env["DOCKER_CONFIG"] || join(home, ".docker"), "config.json"),
    env["XDG_RUNTIME_DIR"]
      ? join(env["XDG_RUNTIME_DIR"], "containers/auth.json")
      : `/run/containers/${process.getuid?.() ?? 0}/auth.json`,
    join(env["XDG_CONFIG_HOME"] || join(home, ".config"), "containers/auth.json"),
  ];
  return env["REGISTRY_AUTH_FILE"] ? [env["REGISTRY_AUTH_FILE"], ...files] : files;
}

function readCredentialFile(path: string): readonly CredentialFile[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return [];
    throw invalid(path, messageOf(cause), cause);
  }
  return [parseCredentials(text, path)];
}

/** The text of a config.json, as CI systems hand it over; its helpers do not count (docker/cli, config/memorystore). */
function readVariable(text: string | undefined): readonly CredentialFile[] {
  if (!text) return [];
  return [{ ...parseCredentials(text, "DOCKER_AUTH_CONFIG"), helpers: new Map(), store: undefined }];
}

function parseCredentials(text: string, path: string): CredentialFile {
  let document: Readonly<Record<string, unknown>>;
  try {
    document = Object(text.trim() === "" ? {} : JSON.parse(text)) as typeof document;
  } catch (cause) {
    // The parser's message quotes the text, which holds passwords.
    throw invalid(path, "it is not JSON", cause instanceof SyntaxError ? undefined : cause);
  }
  const auths = new Map<string, Credential>();
  for (const [key, entry] of entriesOf(document["auths"])) {
    const credential = readAuth(entry, path);
    if (credential !== undefined) auths.set(normalizeKey(key), credential);
  }
  const helpers = entriesOf(document["credHelpers"]).filter(([, name]) => typeof name === "string");
  const store = document["credsStore"];
  return {
    auths,
    helpers: new Map(helpers.map(([key, name]) => [normalizeKey(key), name as string])),
    store: typeof store === "string" && store !== "" ? store : undefined,
  };
}

function readAuth(entry: unknown, path: string): Credential | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const fields = entry as Readonly<Record<string, unknown>>;
  const text = (key: string): string => (typeof fields[key] === "string" ? fields[key] : "");
  if (text("identitytoken") !== "") {
    registerSecret(text("identitytoken"));
    return { kind: "identity", token: text("identitytoken") };
  }
  let [username, password] = [text("username"), text("password")];
  const auth = text("auth");
  if (auth !== "") {
    const decoded = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
    const colon = decoded.indexOf(":");
    if (colon <= 0) throw invalid(path, 'an "auth" in it is not base64 of user:password');
    [username, password] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
    registerSecret(auth);
  }
  if (username === "") return undefined;
  registerSecret(password);
  return { kind: "basic", username, password };
}

function helperFor(file: CredentialFile, registry: string): string | undefined {
  return file.helpers.get(isDockerHub(registry) ? "docker.io" : registry.toLowerCase()) ?? file.store;
}

/** The entry of the host, or the longest one that is a prefix of the repository in whole components (containers-auth.json). */
function findAuth(file: CredentialFile, registry: string, repository: string): Credential | undefined {
  const host = isDockerHub(registry) ? "docker.io" : registry.toLowerCase();
  const parts = [host, ...repository.split("/")];
  for (let length = parts.length; length > 0; length--) {
    const credential = file.auths.get(parts.slice(0, length).join("/"));
    if (credential !== undefined) return credential;
  }
  return undefined;
}

/** Keys are hosts, in docker's older files URLs: `https://index.docker.io/v1/`. A path without a scheme is a repository's. */
export function normalizeKey(key: string): string {
  const [, scheme, rest = ""] = /^(https?:\/\/)?(.*)$/s.exec(key) ?? [];
  const bare = rest.replace(/\/(v[12]\/?)?$/, "");
  const slash = bare.indexOf("/");
  const host = (slash < 0 ? bare : bare.slice(0, slash)).toLowerCase();
  const path = slash < 0 || scheme !== undefined ? "" : bare.slice(slash);
  return `${isDockerHub(host) ? "docker.io" : host}${path}`;
}

/** Whether a registry is Docker Hub, by any of its names. */
export function isDockerHub(registry: string): boolean {
  return DOCKER_HUB_HOSTS.has(registry.toLowerCase());
}

function entriesOf(value: unknown): readonly [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function invalid(path: string, state: string, cause?: unknown): TsbuildError {
  return new TsbuildError("CONFIG_INVALID", `Cannot read the credentials "${path}": ${state}`, { cause });
}
