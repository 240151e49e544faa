import { posix } from "node:path";
import type { Entry } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import type { FetchRequest, Helper, TransferPlace } from "../../runtime/types.ts";

const MOST_LINKS = 40;

/** What is to be copied: `name` is "" where it is the content of a directory alone. */
export interface Source extends FetchRequest {
  readonly entry: Entry;
}

/** Where it is put: into a directory, under a name. */
export interface Target extends TransferPlace {
  readonly name: string;
}

/** Looks for what is to be copied. `DIR/.` is its content, and so is the root directory; with a slash at its end it is a directory. */
export async function findSource(helper: Helper, place: TransferPlace, follow: boolean): Promise<Source> {
  const { root, path } = place;
  const ends = /\/\.?$/.test(path);
  const plain = posix.resolve("/", path);
  const follows = follow || ends;
  const entry = await helper.look({ root, path: plain }, follows);
  if (entry === undefined) throw refused("copy", path, "there is no such file or directory");
  if (ends && entry.type !== "directory") throw refused("copy", path, "it is no directory");
  const whole = path.endsWith("/.") || plain === "/";
  return { root, path: plain, entry, name: whole ? "" : posix.basename(plain), follow: follows };
}

/** Works out where a source goes, as cp does: into a directory that is there, or under a name in one that is. */
export async function findTarget(helper: Helper, place: TransferPlace, source: Source): Promise<Target> {
  const { root, path } = place;
  const entry = await helper.look(place, true);
  const isTree = source.entry.type === "directory";
  if (entry?.type === "directory") return { root, path, name: source.name };
  const ends = /\/\.?$/.test(path);
  if (entry !== undefined && (isTree || ends))
    throw refused("write to", path, isTree ? "a directory cannot replace it" : "it is no directory");
  if (entry === undefined && ends && !isTree) throw refused("write to", path, "there is no such directory");
  const real = await followLinks(helper, { root, path: posix.resolve("/", path) });
  const parent = posix.dirname(real);
  const above = await helper.look({ root, path: parent }, true);
  if (above?.type !== "directory") throw refused("write to", path, `there is no directory ${parent}`);
  return { root, path: parent, name: posix.basename(real) };
}

/** A file that a symlink leads to is written, not the symlink. */
async function followLinks(helper: Helper, { root, path }: TransferPlace): Promise<string> {
  let at = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const entry = await helper.look({ root, path: at }, false);
    if (entry?.type !== "symlink" || entry.link === undefined) return at;
    at = posix.resolve("/", posix.dirname(at), Buffer.from(entry.link, "latin1").toString("utf8"));
  }
  throw refused("write to", path, "too many symlinks lead there");
}

/** That something cannot be copied from or to a path. */
export function refused(verb: string, path: string, state: string): TsbuildError {
  return new TsbuildError("CONTAINER_STATE", `Cannot ${verb} ${path}: ${state}`);
}
