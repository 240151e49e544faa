import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bytesOf, type Bytes } from "../../core/bytes.ts";
import { Hasher, sha256, type Digest } from "../../core/digest.ts";
import type { Entry } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import { joinPath } from "../../core/paths.ts";
import type { BlobWriter, Store } from "../../store/types.ts";
import { EntryTree } from "../entry-tree.ts";
import { runGit, type GitHost } from "./git.ts";
import { readObjects, type TreeItem } from "./objects.ts";

/** The files of a commit, their bytes one after the other in one blob of the store. */
export interface Checkout {
  readonly tree: EntryTree;
  readonly blob: Digest;
  readonly mtime: number;
}

interface CheckoutOptions extends GitHost {
  readonly store: Store;
  readonly repository: string;
  readonly commit: string;
  /** The .git to keep. */
  readonly gitDirectory: string | undefined;
}

/** Where an object's bytes lie in the blob; a symlink's target is kept as it is. */
interface Stored {
  readonly offset: number;
  readonly size: number;
  readonly digest: Digest;
  readonly link?: Bytes;
}

/** PATH_MAX: no symlink can be longer. */
const MAX_LINK = 4096;
const MODES = { file: 0o644, executable: 0o755, symlink: 0o777, tree: 0o755, submodule: 0o755 } as const;

/** Reads the objects of a commit's items, each one once, into a blob. */
export async function buildCheckout(items: readonly TreeItem[], options: CheckoutOptions): Promise<Checkout> {
  const { store, repository, commit, gitDirectory } = options;
  const mtime = await commitTime(repository, commit, options);
  using writer = store.blobs.create();
  const stored = await storeObjects(items, writer, options);
  const kept = gitDirectory === undefined ? [] : storeDirectory(gitDirectory, writer);
  const { digest: blob } = writer.commit();
  const tree = new EntryTree(mtime);
  const put = (path: Bytes, type: TreeItem["type"], file: Stored | undefined): void => {
    const entry: Entry = {
      path,
      type: type === "tree" || type === "submodule" ? "directory" : type === "symlink" ? "symlink" : "file",
      mode: MODES[type],
      uid: 0,
      gid: 0,
      size: type === "file" || type === "executable" ? (file?.size ?? 0) : 0,
      mtime,
      ...(type === "symlink" ? { link: file?.link ?? ("" as Bytes) } : {}),
    };
    const body = file && {
      content: { kind: "range" as const, path: store.blobs.path(blob), offset: file.offset, size: file.size },
      digest: file.digest,
    };
    tree.put(entry, entry.type === "file" ? body : undefined);
  };
  for (const { path, type, object } of items) put(path, type, stored.get(`${type === "symlink"} ${object}`));
  for (const { path, file } of kept) put(path, file === undefined ? "tree" : "file", file);
  return { tree, blob, mtime };
}

async function storeObjects(
  items: readonly TreeItem[],
  writer: BlobWriter,
  { repository, ...host }: CheckoutOptions,
): Promise<ReadonlyMap<string, Stored>> {
  const files = items.filter(({ type }) => type === "file" || type === "executable");
  const links = items.filter(({ type }) => type === "symlink");
  const stored = new Map<string, Stored>();
  let current: { object: string; offset: number; size: number; hasher: Hasher } | undefined;
  await readObjects(
    repository,
    [...new Set(files.map(({ object }) => object))],
    {
      begin: (object, size) => (current = { object, offset: writer.size, size, hasher: new Hasher() }),
      data(chunk) {
        current?.hasher.update(chunk);
        writer.write(chunk);
      },
      end() {
        if (current === undefined) return;
        const { object, offset, size, hasher } = current;
        stored.set(`false ${object}`, { offset, size, digest: hasher.digest() });
      },
    },
    host,
  );
  let link = { object: "", target: "" };
  await readObjects(
    repository,
    [...new Set(links.map(({ object }) => object))],
    {
      begin(object, size) {
        if (size === 0 || size >= MAX_LINK)
          throw new TsbuildError(
            "ARCHIVE_INVALID",
            `Cannot use the commit: a symbolic link has ${size} bytes`,
          );
        link = { object, target: "" };
      },
      data: (chunk) => (link.target += chunk.toString("latin1")),
      end: () =>
        stored.set(`true ${link.object}`, {
          offset: 0,
          size: 0,
          digest: sha256(""),
          link: link.target as Bytes,
        }),
    },
    host,
  );
  return stored;
}

/** The committer's time: the same files have the same times wherever and whenever they are fetched. */
async function commitTime(repository: string, commit: string, host: GitHost): Promise<number> {
  const text = (await runGit(["cat-file", "commit", commit], { repository }, host)).toString("latin1");
  const seconds = /^committer .*> (\d{1,12}) [+-]\d+$/m.exec(text)?.[1];
  return seconds === undefined ? 0 : Number(seconds);
}

function storeDirectory(
  directory: string,
  writer: BlobWriter,
): { readonly path: Bytes; readonly file: Stored | undefined }[] {
  const found: { path: Bytes; file: Stored | undefined }[] = [];
  const walk = (host: string, path: Bytes): void => {
    found.push({ path, file: undefined });
    for (const name of readdirSync(host).sort()) {
      const inside = join(host, name);
      const at = joinPath(path, bytesOf(name));
      if (lstatSync(inside).isDirectory()) walk(inside, at);
      else {
        const data = readFileSync(inside);
        found.push({ path: at, file: { offset: writer.size, size: data.length, digest: sha256(data) } });
        writer.write(data);
      }
    }
  };
  walk(directory, ".git" as Bytes);
  return found;
}
