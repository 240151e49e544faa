import { TsbuildError } from "../core/errors.ts";

/** A git repository and what of it is meant, as ADD, contexts and --build-context write it. */
export interface GitUrl {
  /** What git is given: the URL without query and fragment. */
  readonly remote: string;
  /** A branch, a tag, a full name below refs/, or a commit; the remote's HEAD where none is written. */
  readonly ref?: string;
  /** Relative to the repository's root, no `..` in it. */
  readonly subdir?: string;
  /** The first digits, or all, of the commit that the ref must lead to. */
  readonly checksum?: string;
  readonly keepGitDir?: boolean;
  readonly submodules?: boolean;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const SCHEMES: ReadonlySet<string> = new Set(["http", "https", "ssh", "git"]);
/** `user@host:path`, as ssh and scp take it. Nothing in it begins with "-", which they would take for an option. */
const SCP = /^(?!-)[\w.-]+@(?!-)[\w.-]+:(?!-)/;

/** Whether a text is a repository as ssh and scp write it. */
export function isScpRemote(text: string): boolean {
  return SCP.test(text);
}

/** How a remote is reached: "ssh" for `user@host:path` too. */
export function gitScheme(remote: string): string {
  return SCHEME.exec(remote)?.[1]?.toLowerCase() ?? "ssh";
}

/**
 * Reads a git URL by BuildKit's rules (frontend/dockerfile/dfgitutil/git_ref.go): http(s) alone has to end in `.git`.
 * Undefined for what is none; an error for one that is malformed.
 */
export function parseGitUrl(text: string): GitUrl | undefined {
  const { base, query, fragment } = split(text);
  const scheme = SCHEME.exec(base)?.[1]?.toLowerCase();
  if (scheme === undefined ? !SCP.test(base) : !SCHEMES.has(scheme)) return undefined;
  if ((scheme === "http" || scheme === "https") && !base.endsWith(".git")) return undefined;
  if (/[\x00-\x20\x7f]/.test(base)) throw invalid(text, "it has spaces or control characters");
  if (scheme !== undefined) checkHost(text, base);
  const colon = fragment.indexOf(":");
  const parts = new Parts(text);
  parts.set("ref", colon < 0 ? fragment : fragment.slice(0, colon));
  parts.set("subdir", colon < 0 ? "" : fragment.slice(colon + 1));
  if (query !== undefined) readQuery(query, parts, text);
  const checksum = parts.get("checksum");
  const ref = (parts.byCommit ? checksum : parts.get("ref")) ?? parts.get("ref") ?? checksum;
  if (parts.byCommit && !isCommit(ref ?? ""))
    throw invalid(text, "fetch-by-commit needs a commit in full, as commit=…");
  const subdir = parts.get("subdir");
  if (ref !== undefined) checkRef(text, ref);
  if (checksum !== undefined) checkCommit(text, checksum);
  const inside = subdir === undefined ? "" : cleanSubdir(text, subdir);
  return {
    remote: base,
    ...(ref === undefined ? {} : { ref }),
    ...(inside === "" ? {} : { subdir: inside }),
    ...(checksum === undefined ? {} : { checksum }),
    ...parts.booleans,
  };
}

/** Whether a text is a commit in full: SHA-1 or SHA-256. */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Whether a text can be the beginning of a commit: fewer than seven digits say too little. */
export function isCommitPrefix(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text);
}

function split(text: string): { base: string; query: string | undefined; fragment: string } {
  const hash = text.indexOf("#");
  const before = hash < 0 ? text : text.slice(0, hash);
  const mark = before.indexOf("?");
  return {
    base: mark < 0 ? before : before.slice(0, mark),
    query: mark < 0 ? undefined : before.slice(mark + 1),
    fragment: hash < 0 ? "" : decode(text, text.slice(hash + 1)),
  };
}

/** What fragment and query say; the same thing said twice must be the same. */
class Parts {
  readonly booleans: { keepGitDir?: boolean; submodules?: boolean } = {};
  /** Whether the commit alone is asked for, whatever the ref is now. */
  byCommit = false;
  readonly #text: string;
  readonly #values = new Map<string, string>();

  constructor(text: string) {
    this.#text = text;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: string): void {
    const known = this.#values.get(name);
    if (known !== undefined && known !== value)
      throw invalid(this.#text, `it says two things for ${name}: "${known}" and "${value}"`);
    if (value !== "") this.#values.set(name, value);
  }
}

function readQuery(query: string, parts: Parts, text: string): void {
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (seen.has(name)) throw invalid(text, `its query has "${name}" twice`);
    seen.add(name);
    if (name === "submodules") parts.booleans.submodules = boolean(text, name, value);
    else if (name === "keep-git-dir") parts.booleans.keepGitDir = boolean(text, name, value);
    else if (name === "fetch-by-commit") parts.byCommit = boolean(text, name, value);
    else if (value === "") throw invalid(text, `"${name}" in its query has no value`);
    else if (name === "mtime") checkTimes(text, value);
    else if (name === "ref" || name === "subdir") parts.set(name, value);
    else if (name === "checksum" || name === "commit") parts.set("checksum", value);
    else if (name === "tag") parts.set("ref", below("refs/tags/", value));
    else if (name === "branch") parts.set("ref", below("refs/heads/", value));
    else throw invalid(text, `its query has "${name}", which is nothing that git URLs know`);
  }
}

/** What BuildKit calls mtime=commit is how it always is here. */
function checkTimes(text: string, value: string): void {
  if (value === "commit") return;
  if (value === "checkout")
    throw invalid(text, "mtime=checkout is not supported: files have the time of their commit");
  throw invalid(text, '"mtime" in its query is not commit');
}

function below(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

/** Go's strconv.ParseBool; a name alone is true. */
function boolean(text: string, name: string, value: string): boolean {
  if (/^(|1|t|T|true|TRUE|True)$/.test(value)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(value)) return false;
  throw invalid(text, `"${name}" in its query is neither true nor false`);
}

/** What git check-ref-format(1) allows, and no "-" in front, which git would take for an option. */
function checkRef(text: string, ref: string): void {
  const wrong = ref.startsWith("-") || /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$/.test(ref);
  if (wrong) throw invalid(text, `"${ref}" cannot be the name of a branch, a tag or a commit`);
}

function checkCommit(text: string, checksum: string): void {
  if (!isCommitPrefix(checksum))
    throw invalid(text, `checksum "${checksum}" is not 7 or more digits of a commit`);
}

function cleanSubdir(text: string, subdir: string): string {
  const parts = subdir.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || /[\x00-\x1f\x7f]/.test(subdir))
    throw invalid(text, `"${subdir}" cannot be a directory in the repository`);
  return parts.join("/");
}

function checkHost(text: string, base: string): void {
  const host = URL.canParse(base) ? new URL(base).hostname : "";
  if (host === "" || host.startsWith("-")) throw invalid(text, "it names no host");
}

function decode(text: string, fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    throw invalid(text, "what follows # is not percent-encoded as it should be");
  }
}

function invalid(text: string, state: string): TsbuildError {
  return new TsbuildError("REFERENCE_INVALID", `Cannot use git URL "${text}": ${state}`, {
    hint: "write https://HOST/PATH.git#REF:DIRECTORY",
  });
}
