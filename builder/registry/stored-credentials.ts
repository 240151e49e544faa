import { lstatSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import type { Environment } from "../net/types.ts";
import { eraseFromHelper, storeInHelper } from "./credential-helper.ts";
import { DOCKER_HUB_KEY, isDockerHub, normalizeKey } from "./credentials.ts";

/** Where a credential was put, or removed from. */
export interface CredentialPlace {
  /** The helper's program, or the file. */
  readonly place: string;
  /** Readable for whoever may read the file. */
  readonly isPlain: boolean;
}

type Document = Record<string, unknown>;

/**
 * Keeps a user's password where docker keeps it: in the credential helper of its config.json, where it names one for
 * the registry, else in the file itself (mode 0600). REGISTRY_AUTH_FILE names another file, as for podman.
 */
export async function storeCredential(
  registry: string,
  credential: { readonly username: string; readonly password: string },
  env: Environment,
  signal: AbortSignal,
): Promise<CredentialPlace> {
  const path = fileOf(env);
  const document = read(path);
  const helper = helperOf(document, registry);
  if (helper !== undefined) {
    await storeInHelper(helper, serverOf(registry), credential, env, signal);
    return { place: `docker-credential-${helper}`, isPlain: false };
  }
  const auth = Buffer.from(`${credential.username}:${credential.password}`).toString("base64");
  const auths = others(document, registry);
  auths.set(serverOf(registry), { auth });
  write(path, { ...document, auths: Object.fromEntries(auths) });
  return { place: path, isPlain: true };
}

/** Forgets what there is for a registry; undefined where there is nothing. */
export async function eraseCredential(
  registry: string,
  env: Environment,
  signal: AbortSignal,
): Promise<CredentialPlace | undefined> {
  const path = fileOf(env);
  const document = read(path);
  const helper = helperOf(document, registry);
  if (helper !== undefined) await eraseFromHelper(helper, serverOf(registry), env, signal);
  const left = others(document, registry);
  const had = left.size < Object.keys(Object(document["auths"])).length;
  if (had) write(path, { ...document, auths: Object.fromEntries(left) });
  if (helper !== undefined) return { place: `docker-credential-${helper}`, isPlain: false };
  return had ? { place: path, isPlain: true } : undefined;
}

/** The entries of other registries. */
function others(document: Document, registry: string): Map<string, unknown> {
  const own = normalizeKey(serverOf(registry));
  const entries = Object.entries(Object(document["auths"]) as Document);
  return new Map(entries.filter(([key]) => normalizeKey(key) !== own));
}

function serverOf(registry: string): string {
  return isDockerHub(registry) ? DOCKER_HUB_KEY : registry;
}

function helperOf(document: Document, registry: string): string | undefined {
  const own = normalizeKey(serverOf(registry));
  const helpers = Object.entries(Object(document["credHelpers"]) as Document);
  const helper = helpers.find(([key]) => normalizeKey(key) === own)?.[1] ?? document["credsStore"];
  return typeof helper === "string" && helper !== "" ? helper : undefined;
}

function fileOf(env: Environment): string {
  if (env["REGISTRY_AUTH_FILE"]) return env["REGISTRY_AUTH_FILE"];
  return join(env["DOCKER_CONFIG"] || join(env["HOME"] || homedir(), ".docker"), "config.json");
}

function read(path: string): Document {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return {};
    throw invalid("read", path, messageOf(cause), cause);
  }
  try {
    const document: unknown = JSON.parse(text.trim() === "" ? "{}" : text);
    if (typeof document === "object" && document !== null && !Array.isArray(document))
      return document as Document;
  } catch {
    // The parser's message quotes the text, which holds passwords.
  }
  throw invalid("read", path, "it is not a JSON object");
}

/** Whole or not at all, with everything that is not ours kept; a link is followed, as dotfiles often are links. */
function write(path: string, document: Document): void {
  const temp = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const mode = (statSync(path, { throwIfNoEntry: false })?.mode ?? 0o600) & 0o600;
    const text = `${JSON.stringify(document, undefined, "\t")}\n`;
    if (isLink(path)) writeFileSync(path, text);
    else {
      writeFileSync(temp, text, { mode });
      renameSync(temp, path);
    }
  } catch (cause) {
    throw invalid("write", path, messageOf(cause), cause);
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function invalid(verb: string, path: string, state: string, cause?: unknown): TsbuildError {
  return new TsbuildError("CONFIG_INVALID", `Cannot ${verb} the credentials "${path}": ${state}`, { cause });
}
