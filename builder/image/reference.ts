import { isDigest, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { printable } from "../core/bytes.ts";

/** The name of an image with nothing left out: `docker.io`, `library/debian`. */
export interface Reference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const DEFAULT_REGISTRY = "docker.io";
const OFFICIAL = "library";
const MAX_REPOSITORY = 255;
const MAX_TEXT = 1024;

// The grammar of distribution/reference (regexp.go). Every repetition begins with a mandatory separator: they are linear.
const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const REGISTRY = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]{2,45}\\])(?::[0-9]{1,5})?$`);
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;

/** Reads an image reference with docker's short forms (distribution/reference, normalize.go): `debian` is `docker.io/library/debian`. */
export function parseReference(text: string): Reference {
  if (text === "") throw invalid(text, "it is empty", "write for example debian:12");
  if (text.length > MAX_TEXT) throw invalid(text, `it is longer than ${MAX_TEXT} characters`);
  if (text.includes("://")) throw invalid(text, "it is a URL", "leave out the scheme");
  const { name, tag, digest } = split(text);
  if (IMAGE_ID.test(name))
    throw invalid(text, "it is an image id, not a name", "write the name and @sha256:…");
  const { registry, repository } = normalize(name);
  if (!REGISTRY.test(registry)) throw invalid(text, `"${printable(registry)}" is not a host name`);
  checkRepository(text, repository);
  if (tag !== undefined && !TAG.test(tag)) {
    throw invalid(
      text,
      `"${printable(tag)}" is not a tag`,
      "a tag has up to 128 letters, digits, dots, dashes and underscores",
    );
  }
  if (digest !== undefined && !isDigest(digest)) {
    throw invalid(text, `"${printable(digest)}" is not a digest`, "a digest is sha256: and 64 hex digits");
  }
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The reference with tag `latest` where it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag: "latest" }
    : reference;
}

/** The full name: `docker.io/library/debian:12`. */
export function formatReference(reference: Reference): string {
  return `${reference.registry}/${reference.repository}${suffix(reference)}`;
}

/** The name as docker prints it: without `docker.io` and `library`. */
export function familiarName(reference: Reference): string {
  const { registry, repository } = reference;
  if (registry !== DEFAULT_REGISTRY) return formatReference(reference);
  const [first, second, ...rest] = repository.split("/");
  const official = first === OFFICIAL && second !== undefined && rest.length === 0;
  return `${official ? second : repository}${suffix(reference)}`;
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

function split(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const head = at < 0 ? text : text.slice(0, at);
  const colon = head.lastIndexOf(":");
  // A colon before the last slash belongs to the registry's port.
  if (colon < 0 || head.indexOf("/", colon) >= 0) return { name: head, tag: undefined, digest };
  return { name: head.slice(0, colon), tag: head.slice(colon + 1), digest };
}

function normalize(name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  // An upper-case letter cannot stand in a repository, so such a first part is a host name.
  const isHost = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  let registry = slash >= 0 && isHost ? first : DEFAULT_REGISTRY;
  let repository = slash >= 0 && isHost ? name.slice(slash + 1) : name;
  if (registry === "index.docker.io") registry = DEFAULT_REGISTRY;
  if (registry === DEFAULT_REGISTRY && !repository.includes("/")) repository = `${OFFICIAL}/${repository}`;
  return { registry, repository };
}

function checkRepository(text: string, repository: string): void {
  if (repository.length > MAX_REPOSITORY) {
    throw invalid(text, `the repository's name is longer than ${MAX_REPOSITORY} characters`);
  }
  if (repository.split("/").every((part) => COMPONENT.test(part))) return;
  if (repository !== repository.toLowerCase()) {
    throw invalid(
      text,
      "the repository's name has upper-case letters",
      `write ${printable(repository.toLowerCase())}`,
    );
  }
  throw invalid(
    text,
    `"${printable(repository)}" is not a repository name`,
    "it is made of lower-case letters and digits, with . _ - or / between them",
  );
}

function invalid(text: string, state: string, hint?: string): TsbuildError {
  const shown = printable(text.length > 120 ? `${text.slice(0, 120)}…` : text);
  return new TsbuildError("REFERENCE_INVALID", `Cannot use image name "${shown}": ${state}`, { hint });
}
