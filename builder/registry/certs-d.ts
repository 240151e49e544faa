import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import type { Environment, KeyPair } from "../net/types.ts";
import type { Certificates } from "./types.ts";

/** Of a host that no folder is for. */
export const NO_CERTIFICATES: Certificates = { ca: [], keypairs: [] };

/**
 * Reads the certs.d folders of docker and podman, for a host at a time: `HOST[:PORT]/` holds `*.crt` of authorities, and
 * `NAME.cert` with `NAME.key` of a client (containers-certs.d(5)). A host's own folder counts; of several the first.
 */
export function certificatesOf(env: Environment, system = "/etc"): (host: string) => Certificates {
  const known = new Map<string, Certificates>();
  return (host) => {
    const found = known.get(host) ?? find(foldersOf(env, system), host);
    known.set(host, found);
    return found;
  };
}

function foldersOf(env: Environment, system: string): readonly string[] {
  const config = env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config");
  return [
    join(config, "containers/certs.d"),
    join(config, "docker/certs.d"),
    join(system, "containers/certs.d"),
    join(system, "docker/certs.d"),
  ];
}

function find(folders: readonly string[], host: string): Certificates {
  for (const folder of folders) {
    const found = read(join(folder, host));
    if (found !== undefined) return found;
  }
  return NO_CERTIFICATES;
}

function read(folder: string): Certificates | undefined {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (cause) {
    const code = errnoOf(cause);
    // Of root alone, often: then it is not meant for this user.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return undefined;
    throw invalid(folder, messageOf(cause), cause);
  }
  const ca = names.filter((name) => name.endsWith(".crt")).map((name) => join(folder, name));
  const keypairs = names.filter((name) => name.endsWith(".cert")).map((name) => pairOf(folder, names, name));
  for (const name of names) {
    const cert = name.replace(/\.key$/, ".cert");
    if (name.endsWith(".key") && !names.includes(cert))
      throw invalid(folder, `the key ${name} has no ${cert}`);
  }
  return { ca, keypairs };
}

function pairOf(folder: string, names: readonly string[], cert: string): KeyPair {
  const key = cert.replace(/\.cert$/, ".key");
  if (names.includes(key)) return { cert: join(folder, cert), key: join(folder, key) };
  throw invalid(folder, `the certificate ${cert} has no ${key}`);
}

function invalid(folder: string, state: string, cause?: unknown): TsbuildError {
  return new TsbuildError("CONFIG_INVALID", `Cannot use the certificates in "${folder}": ${state}`, {
    cause,
    hint: "authorities are NAME.crt; a client's certificate is NAME.cert, its key NAME.key",
  });
}
