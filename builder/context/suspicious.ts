import type { Bytes } from "../core/bytes.ts";
import type { EntryType } from "../core/entry.ts";
import { baseOf } from "../core/paths.ts";

const KEY = "it looks like a private key";
const PASSWORDS = "it usually holds passwords or tokens";

/** By whole names, in lower case. */
const FILES: ReadonlyMap<string, string> = new Map([
  ...["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"].map((name) => [name, KEY] as const),
  ...[
    ".env",
    ".git-credentials",
    ".htpasswd",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".vault-token",
    "terraform.tfstate",
  ].map((name) => [name, PASSWORDS] as const),
]);

/** By names, and the end of the path of their directory. */
const PLACES: ReadonlyMap<string, RegExp> = new Map([
  ["credentials", /(?:^|\/)\.aws\/[^/]*$/],
  ["config.json", /(?:^|\/)\.docker\/[^/]*$/],
  ["config", /(?:^|\/)\.kube\/[^/]*$/],
  ["hosts.yml", /(?:^|\/)\.config\/gh\/[^/]*$/],
]);

const KEY_STORE = /\.(?:p12|pfx|jks|keystore|ppk)$/;
const KEY_FILE = /(?:^|[-_.])(?:private|priv|server|client|tls|ssl|ca)?[-_.]?key(?:\.pem)?$|\.key$/;
/** `.env.production` holds secrets; `.env.example` says which there are. */
const ENVIRONMENT = /^\.env\.(?!example$|sample$|template$|dist$|defaults?$)/;

/** Why somebody who copies a path into an image has most likely not meant to; undefined for all others. */
export function whySuspicious(path: Bytes, type: EntryType): string | undefined {
  const name = baseOf(path).toLowerCase();
  if (type === "directory") return directoryReason(name);
  if (type !== "file") return undefined;
  const known = FILES.get(name);
  if (known !== undefined) return known;
  if (ENVIRONMENT.test(name) || PLACES.get(baseOf(path))?.test(path) === true) return PASSWORDS;
  return KEY_STORE.test(name) || KEY_FILE.test(name) ? KEY : undefined;
}

function directoryReason(name: string): string | undefined {
  switch (name) {
    case ".git":
      return "it is the repository's whole history, and changes with every commit";
    case "node_modules":
      return "it was installed for this machine, not for the image";
    case "__pycache__":
      return "it is written anew by whoever runs the code";
    case ".ssh":
      return KEY;
    default:
      return undefined;
  }
}
