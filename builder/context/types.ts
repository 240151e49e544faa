import type { Bytes } from "../core/bytes.ts";
import type { Scans } from "./scan.ts";
import type { Tree } from "../core/entry.ts";

/** The files that COPY and ADD may take. The tree shows every file as root's (uid and gid 0) and hides ignored ones. */
export interface BuildContext extends Tree {
  /** For messages: the directory as the user named it. */
  readonly name: string;
  /** The time of what was fetched: of the commit, of the download, of an archive's newest file. None for a directory. */
  readonly time?: number;
  /** The pattern that hides what is at a path, if one does: what a missing COPY source is explained with. */
  ignoredBy(path: Bytes): IgnoreRule | undefined;
  /** The Dockerfile and what else was asked for by name, ignored or not; undefined where it is not there. */
  readFile(path: string): Buffer | undefined;
  /**
   * The first file that was written to since it was looked at, of those that somebody read, if one was: a layer sealed meanwhile may hold other
   * bytes than its cache key says, and must not be recorded.
   */
  changed(): Bytes | undefined;
  /** For a directory of this machine: all that is in it, hidden or not. */
  readonly everything?: Tree;
  /** The last `!` pattern that keeps what is at a path from being hidden, if one does. */
  broughtBackBy?(path: Bytes): IgnoreRule | undefined;
  /** For a directory of this machine: no build has read a file of it before this one. */
  readonly isNew?: boolean;
  /** For a directory of this machine: what earlier builds found in it. */
  readonly scans?: Scans;
}

export interface IgnoreRule {
  readonly pattern: string;
  /** The file that has it: `.dockerignore`, `app.Dockerfile.dockerignore`. */
  readonly file: string;
  /** One-based. */
  readonly line: number;
}
