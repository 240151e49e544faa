import { readFileSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { bytesOf, printable, type Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Content, Entry, Tree } from "../core/entry.ts";
import { errnoOf, messageOf, TsbuildError } from "../core/errors.ts";
import { joinPath, parentOf } from "../core/paths.ts";
import { resolveInTree } from "../core/resolve.ts";
import { HashIndex } from "./hash-index.ts";
import {
  exceptionFor,
  ignoreFileNames,
  NOTHING_IGNORED,
  parseIgnoreFile,
  ruleFor,
  type IgnoreFile,
} from "./ignore-file.ts";
import { LocalFiles } from "./local-files.ts";
import type { MatchState } from "./patterns.ts";
import { ScanFile, type Scans } from "./scan.ts";
import type { BuildContext, IgnoreRule } from "./types.ts";

export interface LocalContextOptions {
  /** The directory as the user named it. */
  readonly directory: string;
  /** The Dockerfile's path on this machine: an ignore file of its own beside it comes before the context's. */
  readonly dockerfilePath?: string;
  /** Where the files' digests are kept from build to build; its directory exists. */
  readonly indexFile?: string;
}

/** A Dockerfile or an ignore file that is larger was meant to be something else. */
const MAX_NAMED_FILE = 16 << 20;

/** Opens a directory of this machine as a build context. Nothing in it is read before it is asked for. */
export function openLocalContext(options: LocalContextOptions): LocalContext {
  const state = whyNoDirectory(options.directory);
  if (state === undefined) return new LocalContext(options);
  throw new TsbuildError(
    "CONTEXT_NOT_FOUND",
    `Cannot use "${options.directory}" as build context: ${state}`,
    { hint: "name the directory that has the files to copy" },
  );
}

function whyNoDirectory(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return "it does not exist";
    return stats.isDirectory() ? undefined : "it is not a directory";
  } catch (error) {
    return errnoOf(error) === "EACCES" ? "permission denied" : messageOf(error);
  }
}

/** A directory of this machine without what its ignore file hides. */
export class LocalContext implements BuildContext {
  readonly name: string;
  readonly #directory: string;
  readonly #dockerfile: string | undefined;
  readonly #index: HashIndex | undefined;
  readonly #files: LocalFiles;
  readonly #scanFile: ScanFile | undefined;
  readonly #states = new Map<Bytes, MatchState>();
  readonly #shown = new Map<Bytes, boolean>();
  #ignore: IgnoreFile | undefined;

  constructor(options: LocalContextOptions) {
    this.name = options.directory;
    this.#directory = resolve(options.directory);
    this.#dockerfile = options.dockerfilePath === undefined ? undefined : resolve(options.dockerfilePath);
    const { indexFile } = options;
    this.#index = indexFile === undefined ? undefined : new HashIndex(indexFile);
    this.#scanFile = indexFile === undefined ? undefined : new ScanFile(`${indexFile}.scans`);
    this.#files = new LocalFiles(bytesOf(this.#directory === "/" ? "" : this.#directory), this.#index);
  }

  stat(path: Bytes): Entry | undefined {
    if (path !== "" && !this.#mayShow(path)) return undefined;
    return this.#files.stat(path);
  }

  list(path: Bytes): readonly Bytes[] {
    if (this.stat(path) === undefined) return [];
    const names = this.#files.list(path);
    return this.#rules().patterns.empty ? names : names.filter((name) => this.#mayShow(joinPath(path, name)));
  }

  hash(path: Bytes): Digest {
    return this.#files.hash(path);
  }

  prehash(paths: readonly Bytes[]): Promise<void> {
    return this.#files.prehash(paths);
  }

  content(path: Bytes): Content {
    return this.#files.content(path);
  }

  linkId(path: Bytes): string | undefined {
    return this.#files.linkId(path);
  }

  ignoredBy(path: Bytes): IgnoreRule | undefined {
    const rule = ruleFor(this.#rules(), path);
    return rule === undefined || this.#files.stat(path) === undefined ? undefined : rule;
  }

  get isNew(): boolean {
    return this.#index?.isEmpty === true;
  }

  get everything(): Tree {
    return this.#files;
  }

  broughtBackBy(path: Bytes): IgnoreRule | undefined {
    return this.ignoredBy(path) === undefined ? exceptionFor(this.#rules(), path) : undefined;
  }

  readFile(path: string): Buffer | undefined {
    const found = resolveInTree(this.#files, bytesOf(path), true);
    return found.entry?.type === "file" ? this.#files.read(found.path, MAX_NAMED_FILE) : undefined;
  }

  changed(): Bytes | undefined {
    return this.#files.changed();
  }

  readonly scans: Scans = {
    identity: (path) => this.#files.identity(path),
    addAll: (directory, scan) => {
      const { empty } = this.#rules().patterns;
      this.#files.scan(directory, (path) => empty || this.#mayShow(path), scan);
    },
    get: (scan) => {
      const content = this.#scanFile?.get(scan);
      if (content !== undefined) this.#index?.keepAll();
      return content;
    },
    put: (scan, content) => {
      if (!scan.racy && !this.#files.disturbed) this.#scanFile?.put(scan.digest(), content);
    },
  };

  /** Keeps the digests that this build took, for the next one. */
  saveIndex(): void {
    this.#index?.save();
    this.#scanFile?.save();
  }

  /** A hidden directory still shows where a `!` pattern brings back something in it. */
  #mayShow(path: Bytes): boolean {
    const { patterns } = this.#rules();
    if (patterns.empty) return true;
    const known = this.#shown.get(path);
    if (known !== undefined) return known;
    const shows = patterns.decide(path, this.#stateOf(parentOf(path))) < 0 || this.#showsBelow(path);
    this.#shown.set(path, shows);
    return shows;
  }

  #showsBelow(path: Bytes): boolean {
    return (
      this.#rules().patterns.couldBringBackBelow(path) &&
      this.#files.stat(path)?.type === "directory" &&
      this.#files.list(path).some((name) => this.#mayShow(joinPath(path, name)))
    );
  }

  #stateOf(directory: Bytes): MatchState {
    if (directory === "") return undefined;
    const known = this.#states.get(directory);
    if (known !== undefined) return known;
    const state = this.#rules().patterns.enter(directory, this.#stateOf(parentOf(directory)));
    this.#states.set(directory, state);
    return state;
  }

  #rules(): IgnoreFile {
    this.#ignore ??= this.#readIgnoreFile() ?? NOTHING_IGNORED;
    return this.#ignore;
  }

  #readIgnoreFile(): IgnoreFile | undefined {
    const dockerfile = this.#dockerfile;
    const inside = dockerfile === undefined ? undefined : relative(this.#directory, dockerfile);
    const outside = inside === undefined || inside === ".." || inside.startsWith("../");
    if (dockerfile !== undefined && outside) {
      for (const name of ignoreFileNames(dockerfile)) {
        if (statSync(name, { throwIfNoEntry: false })?.isFile())
          return parseIgnoreFile(name, readFileSync(name));
      }
    }
    const names = [...(outside ? [] : ignoreFileNames(inside)), ...ignoreFileNames(undefined)];
    for (const name of names) {
      const data = this.#readIgnored(name);
      if (data !== undefined) return parseIgnoreFile(name, data);
    }
    return undefined;
  }

  /** A link that leads out of the context is an error: to ignore nothing could publish what was meant to stay. */
  #readIgnored(name: string): Buffer | undefined {
    const data = this.readFile(name);
    const entry = data === undefined ? this.#files.stat(bytesOf(name)) : undefined;
    if (entry === undefined) return data;
    throw new TsbuildError(
      "CONFIG_INVALID",
      entry.type === "symlink"
        ? `Cannot read "${name}": it is a symbolic link to "${printable(entry.link ?? "")}", which is no file in the context`
        : `Cannot read "${name}": it is not a regular file`,
      { hint: "put the patterns into a file in the context" },
    );
  }
}
