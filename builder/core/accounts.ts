import { TsbuildError } from "./errors.ts";
import { didYouMean } from "./suggest.ts";

/** Larger account files of an image are not read (BuildKit GHSA-72x6-4j93-7w86). */
export const MAX_ACCOUNT_FILE = 10 << 20;

/** A line of /etc/passwd. */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A line of /etc/group. */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Reads a file of a root filesystem by its absolute path; undefined where there is none that may be read. */
export type ReadAccountFile = (path: string) => Buffer | undefined;

/** Whom a process runs as. */
export interface RunUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups; the first is `gid`, so that a process that leaves it still has it. */
  readonly groups: readonly number[];
  /** Home directory, "/" for a user that /etc/passwd does not know. */
  readonly home: string;
}

const MAX_ID = 2 ** 31 - 1;

/** The entries of a passwd(5) file; lines that are none are left out. */
export function parsePasswd(data: Buffer): PasswdEntry[] {
  const entries: PasswdEntry[] = [];
  for (const [name = "", , uid = "", gid = "", , home = ""] of fields(data)) {
    if (name !== "" && isId(uid) && isId(gid))
      entries.push({ name, uid: Number(uid), gid: Number(gid), home });
  }
  return entries;
}

/** The entries of a group(5) file; lines that are none are left out. */
export function parseGroup(data: Buffer): GroupEntry[] {
  const entries: GroupEntry[] = [];
  for (const [name = "", , gid = "", members = ""] of fields(data)) {
    if (name !== "" && isId(gid))
      entries.push({ name, gid: Number(gid), members: members.split(",").filter((member) => member !== "") });
  }
  return entries;
}

/**
 * Whom USER's `user[:group]` means inside a root filesystem, as BuildKit and runc find it (executor/oci/user.go): a number need
 * not be known, and has gid 0 then; a group that is named takes the place of the supplementary ones, and alone it is root's.
 */
export function resolveRunUser(user: string, readFile: ReadAccountFile): RunUser {
  const accounts = new Accounts(readFile);
  const { first, second } = splitOwner(user);
  const id = first === "" ? 0 : parseId(first);
  const known = id === undefined ? accounts.user(first) : accounts.userById(id);
  const uid = id ?? known?.uid ?? 0;
  // runc asks for the home of the id, which is that of the first name that has it.
  const home = accounts.userById(uid)?.home || "/";
  const gid = second === "" ? (known?.gid ?? 0) : accounts.groupId(second);
  const others = known === undefined || second !== "" ? [] : accounts.groupsOf(known.name);
  return { uid, gid, groups: [...new Set([gid, ...others])], home };
}

/** Looks names up in the account files of a root filesystem; each file is read at most once, and only for a name. */
export class Accounts {
  readonly #readFile: ReadAccountFile;
  #users: readonly PasswdEntry[] | undefined;
  #groups: readonly GroupEntry[] | undefined;

  constructor(readFile: ReadAccountFile) {
    this.#readFile = readFile;
  }

  /** The user of a name; it is an error that there is none. */
  user(name: string): PasswdEntry {
    const found = this.#passwd().find((entry) => entry.name === name);
    if (found !== undefined) return found;
    throw notFound("user", name, "/etc/passwd", this.#passwd());
  }

  userById(uid: number): PasswdEntry | undefined {
    return this.#passwd().find((entry) => entry.uid === uid);
  }

  /** A group's number, from a number or a name. */
  groupId(group: string): number {
    const id = parseId(group);
    if (id !== undefined) return id;
    const found = this.#group().find((entry) => entry.name === group);
    if (found !== undefined) return found.gid;
    throw notFound("group", group, "/etc/group", this.#group());
  }

  /** The groups that list a user as their member. */
  groupsOf(name: string): number[] {
    return [...new Set(this.#group().flatMap((group) => (group.members.includes(name) ? [group.gid] : [])))];
  }

  #passwd(): readonly PasswdEntry[] {
    this.#users ??= parsePasswd(this.#read("/etc/passwd"));
    return this.#users;
  }

  #group(): readonly GroupEntry[] {
    this.#groups ??= parseGroup(this.#read("/etc/group"));
    return this.#groups;
  }

  #read(path: string): Buffer {
    const data = this.#readFile(path) ?? Buffer.alloc(0);
    if (data.length <= MAX_ACCOUNT_FILE) return data;
    throw new TsbuildError("USER_NOT_FOUND", `Cannot read "${path}" of the image: it is larger than 10 MiB`);
  }
}

/** The two parts of `user[:group]`. */
export function splitOwner(owner: string): { readonly first: string; readonly second: string } {
  const colon = owner.indexOf(":");
  return colon < 0
    ? { first: owner, second: "" }
    : { first: owner.slice(0, colon), second: owner.slice(colon + 1) };
}

/** A user's or group's number; undefined for a name. What overflows a signed int would become root (CVE-2024-40635). */
export function parseId(text: string): number | undefined {
  if (!/^-?[0-9]+$/.test(text)) return undefined;
  const id = Number(text);
  if (id >= 0 && id <= MAX_ID) return id;
  throw new TsbuildError(
    "USER_NOT_FOUND",
    `Cannot use user or group id ${text.slice(0, 40)}: it is not between 0 and ${MAX_ID}`,
  );
}

function isId(text: string): boolean {
  return /^[0-9]{1,10}$/.test(text) && Number(text) <= MAX_ID;
}

function notFound(
  what: "user" | "group",
  name: string,
  file: string,
  entries: readonly { readonly name: string }[],
): TsbuildError {
  const names = entries.map((entry) => entry.name);
  const make = what === "user" ? "useradd" : "groupadd";
  return new TsbuildError(
    "USER_NOT_FOUND",
    `Cannot find ${what} "${name}": it is not in the image's ${file}`,
    {
      hint: didYouMean(name, names) ?? `create it in an earlier step (RUN ${make}), or write its number`,
    },
  );
}

function* fields(data: Buffer): Generator<string[]> {
  for (const line of data.toString("utf8").split("\n")) {
    const text = line.trim();
    if (text !== "" && !text.startsWith("#")) yield text.split(":");
  }
}
