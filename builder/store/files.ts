import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../core/errors.ts";
import type { Durability } from "./durability.ts";
import { explained, storeFailure } from "./failure.ts";
import { sinceOf, type OwnSession } from "./session.ts";
import { makeDirectory } from "../core/make-directory.ts";

/** The files of one session: everything is made in its own directory of tmp/ and moved in place. Makes nothing at first. */
export class Files {
  readonly root: string;
  readonly #session: OwnSession;
  readonly #durability: Durability;
  readonly #made = new Set<string>();
  #count = 0;
  /** Since when others know of this session (ms); it is in use with what it touched since. */
  #since: number | undefined;
  #written = 0;

  constructor(root: string, session: OwnSession, durability: Durability) {
    this.root = root;
    this.#session = session;
    this.#durability = durability;
  }

  get session(): string {
    return this.#session.name;
  }

  get sessionFolder(): string {
    return join(this.root, "tmp", this.session);
  }

  /** Bytes of the files that were moved in place. */
  get written(): number {
    return this.#written;
  }

  /**
   * Says that a file is used now: no other process removes it, or what it stands for, before this session ends. False
   * where there is no such file.
   */
  touch(path: string): boolean {
    if (this.#since === undefined && !existsSync(path)) return false;
    const time = Math.max(Date.now(), this.#enter()) / 1000;
    try {
      utimesSync(path, time, time);
      return true;
    } catch (error) {
      // Where it cannot be written to it cannot be removed either.
      return errnoOf(error) !== "ENOENT";
    }
  }

  /** Lets others know of this session, before it uses anything. */
  #enter(): number {
    if (this.#since !== undefined) return this.#since;
    try {
      this.makeFolder(this.sessionFolder);
      const path = sinceOf(this.sessionFolder);
      writeFileSync(path, "");
      this.#since = statSync(path).mtimeMs;
    } catch {
      // A store that cannot be written to, or a full disk: what is here can be read for all that.
      this.#since = Date.now();
    }
    return this.#since;
  }

  /** Absolute path below the root; the folder that it lies in is made. */
  path(...parts: readonly string[]): string {
    const path = join(this.root, ...parts);
    this.makeFolder(dirname(path));
    return path;
  }

  tempPath(label: string): string {
    this.#durability.begin();
    this.#enter();
    return this.path("tmp", this.session, `${++this.#count}-${label}`);
  }

  writeFile(path: string, data: string | Uint8Array): void {
    const temp = this.tempPath("file");
    explained("write", path, () => {
      try {
        writeFileSync(temp, data);
        this.moveInPlace(temp, path, data.length);
      } catch (error) {
        rmSync(temp, { force: true });
        throw error;
      }
    });
  }

  writeMemo(path: string, data: string): void {
    const temp = `${path}.${process.pid}`;
    try {
      this.makeFolder(dirname(path));
      writeFileSync(temp, data);
      renameSync(temp, path);
    } catch {
      rmSync(temp, { force: true });
    }
  }

  /** Renames a finished file of the session's directory to where readers look for it. */
  moveInPlace(temp: string, path: string, size: number): void {
    this.#written += size;
    this.#durability.wrote(path);
    this.makeFolder(dirname(path));
    explained("write", path, () => renameSync(temp, path));
  }

  /** Lets the disk begin with a big file that will be moved in place. */
  flushEarly(path: string): void {
    this.#durability.flushEarly(path);
  }

  /** Snapshots hold setuid programs of images: nobody but the owner may walk in (as /var/lib/docker, moby #40939). */
  makeFolder(folder: string): void {
    if (this.#made.has(folder)) return;
    explained("make", folder, () => makeDirectory(folder, 0o700));
    this.#made.add(folder);
  }
}

/** A file's text, or undefined where it is not there. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw storeFailure(error, "read", path);
  }
}

/** The object in a JSON file; undefined where it is not there, torn or no object: a record that can be made again. */
export function readRecord(path: string): Readonly<Record<string, unknown>> | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
