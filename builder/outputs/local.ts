import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { printable, toFsPath, type Bytes } from "../core/bytes.ts";
import type { Content, Entry, Tree } from "../core/entry.ts";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import { ContentReader } from "../layers/content-reader.ts";
import { dated, flatten } from "../layers/flatten.ts";
import type { NewChange, RootFs } from "../layers/types.ts";
import type { Emit } from "../core/events.ts";
import { at, clearOthers, refuseToClear } from "./clear-others.ts";
import { platformFolder } from "./platform-folder.ts";
import type { Output, OutputContext } from "./types.ts";
import { makeDirectory } from "../core/make-directory.ts";

const COPY_SIZE = 256 * 1024;

export interface LocalOptions {
  readonly dest: string;
  /** Removes what is there and not in the result. */
  readonly clear: boolean;
  /** A folder for each platform; where undefined, only if there are several. */
  readonly split?: boolean;
}

/**
 * The root filesystem as files below a directory: `--output type=local`. Files that are there and not in the image stay,
 * unless `clear` is asked for. What is there is never written through: a symlink in the way is replaced. Owners are kept
 * where root asks.
 */
export function localOutput(tree: (rootfs: RootFs) => Promise<Tree>, options: LocalOptions): Output {
  const { dest, clear, split } = options;
  const top = resolve(dest);
  if (clear) refuseToClear(top, dest);
  return {
    label: `copying files to ${dest}`,
    async write(images, context) {
      for (const image of images) {
        const folder = (split ?? images.length > 1) ? platformFolder(image.platform) : "";
        const root = join(top, folder);
        makeRoot(root);
        const paths = writeTree(root, await tree(image.rootfs), image.epoch, context);
        if (clear) clearOthers(root, paths);
      }
      return { path: dest };
    },
  };
}

function makeRoot(root: string): void {
  try {
    makeDirectory(root);
  } catch (cause) {
    if (cause instanceof TsbuildError) throw cause;
    throw new TsbuildError("STORE_UNWRITABLE", `Cannot make directory "${root}": ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Returns the paths that it wrote. */
function writeTree(
  root: string,
  files: Tree,
  epoch: number | undefined,
  { emit, signal }: OutputContext,
): ReadonlySet<Bytes> {
  const directories: Entry[] = [];
  const paths = new Set<Bytes>();
  using reader = new ContentReader();
  for (const change of dated(flatten(files), epoch)) {
    signal.throwIfAborted();
    if (change.kind !== "entry") continue;
    if (change.entry.type === "directory") directories.push(change.entry);
    place(root, change, reader, emit);
    paths.add(change.entry.path);
  }
  // Deepest first: what is written into a directory changes its time.
  for (const { path, mode, mtime } of directories.reverse()) {
    chmodSync(at(root, path), mode);
    utimesSync(at(root, path), mtime, mtime);
  }
  return paths;
}

function place(
  root: string,
  change: Extract<NewChange, { kind: "entry" }>,
  reader: ContentReader,
  emit: Emit,
): void {
  const { entry, content } = change;
  const path = at(root, entry.path);
  try {
    switch (entry.type) {
      case "directory":
        placeDirectory(path);
        break;
      case "file": {
        removeAll(path);
        const file = openSync(path, "wx", 0o600);
        try {
          if (content !== undefined) copyContent(reader, content, file);
          // After the owner: chown clears setuid and setgid.
          own(path, entry);
          fchmodSync(file, entry.mode);
          futimesSync(file, entry.mtime, entry.mtime);
        } finally {
          closeSync(file);
        }
        return;
      }
      case "symlink":
        removeAll(path);
        symlinkSync(toFsPath(entry.link ?? ""), path);
        own(path, entry);
        lutimesSync(path, entry.mtime, entry.mtime);
        return;
      case "hardlink":
        removeAll(path);
        linkSync(at(root, entry.link ?? ("" as Bytes)), path);
        return;
      case "character":
      case "block":
      case "fifo":
        emit({
          type: "warning",
          message: `Left out "${printable(entry.path)}": a local output has no device files and pipes`,
        });
        return;
    }
    own(path, entry);
  } catch (cause) {
    const full = errnoOf(cause) === "ENOSPC";
    throw new TsbuildError(
      full ? "DISK_FULL" : "STORE_UNWRITABLE",
      `Cannot write "${printable(entry.path)}" below "${root}": ${full ? "the disk is full" : messageOf(cause)}`,
      { cause },
    );
  }
}

function copyContent(reader: ContentReader, content: Content, file: number): void {
  reader.with(content, (read) => {
    const buffer = Buffer.allocUnsafe(COPY_SIZE);
    for (let got = read(buffer, 0, COPY_SIZE); got > 0; got = read(buffer, 0, COPY_SIZE)) {
      for (let done = 0; done < got;) done += writeSync(file, buffer, done, got - done);
    }
  });
}

function placeDirectory(path: string | Buffer): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) return;
  if (there !== undefined) rmSync(path);
  mkdirSync(path, 0o700);
}

function removeAll(path: string | Buffer): void {
  rmSync(path, { recursive: true, force: true });
}

function own(path: string | Buffer, entry: Entry): void {
  if (process.getuid?.() === 0) lchownSync(path, entry.uid, entry.gid);
}
