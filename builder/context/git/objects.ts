import type { Bytes } from "../../core/bytes.ts";
import { printable } from "../../core/bytes.ts";
import { TsbuildError } from "../../core/errors.ts";
import { joinPath } from "../../core/paths.ts";
import { runGit, type GitHost } from "./git.ts";

/** One line of a commit's tree. */
export interface TreeItem {
  readonly path: Bytes;
  readonly type: "tree" | "file" | "executable" | "symlink" | "submodule";
  readonly object: string;
}

/** More files than this are refused. */
const MAX_ITEMS = 2_000_000;

const TYPES: Readonly<Record<string, TreeItem["type"]>> = {
  "040000": "tree",
  "100644": "file",
  // As old gits wrote it for group-writable files; a checkout makes it 0644.
  "100664": "file",
  "100755": "executable",
  "120000": "symlink",
  "160000": "submodule",
};

/**
 * Everything in a commit. Read from the objects and never checked out: no hook, no filter and no symlink of the repository
 * is ever in a position to do something on this machine.
 */
export async function listCommit(
  repository: string,
  commit: string,
  prefix: Bytes,
  host: GitHost,
): Promise<TreeItem[]> {
  const args = ["ls-tree", "-r", "-t", "-z", "--full-tree", commit];
  const output = (await runGit(args, { repository }, host)).toString("latin1");
  const lines = output.split("\0");
  if (lines.length > MAX_ITEMS) throw refused(`it has more than ${MAX_ITEMS} files`);
  const items: TreeItem[] = [];
  for (const line of lines) {
    const [, mode = "", object = "", path = ""] = /^(\d{6}) \w+ ([0-9a-f]+)\t([^]*)$/.exec(line) ?? [];
    if (path === "") continue;
    const type = TYPES[mode];
    if (type === undefined) throw refused(`"${printable(path)}" has mode ${mode}`);
    checkPath(path);
    items.push({ path: joinPath(prefix, path), type, object });
  }
  return items;
}

/** git's own checkout refuses these names, too; a server can send them all the same. */
function checkPath(path: string): void {
  const wrong = path
    .split("/")
    .some((part) => part === "" || part === "." || part === ".." || part.toLowerCase() === ".git");
  if (wrong) throw refused(`"${printable(path)}" is no name that a file of a commit can have`);
}

function refused(state: string): TsbuildError {
  return new TsbuildError("ARCHIVE_INVALID", `Cannot use the commit: ${state}`);
}

/** Gets each object's bytes, in the order of `objects`. */
export interface ObjectVisitor {
  begin(object: string, size: number): void;
  data(chunk: Buffer): void;
  end(): void;
}

/** Reads many objects with one process. */
export async function readObjects(
  repository: string,
  objects: readonly string[],
  visitor: ObjectVisitor,
  host: GitHost,
): Promise<void> {
  if (objects.length === 0) return;
  const reader = new BatchReader(visitor);
  await runGit(
    ["cat-file", "--batch", "--buffer"],
    { repository, input: `${objects.join("\n")}\n`, onOutput: (chunk) => reader.write(chunk) },
    host,
  );
  if (reader.count !== objects.length) throw refused("an object is missing");
}

/** Takes the output of `git cat-file --batch` apart: `<object> <type> <size>\n<bytes>\n`, again and again. */
class BatchReader {
  count = 0;
  readonly #visitor: ObjectVisitor;
  #header = "";
  #left = -1;

  constructor(visitor: ObjectVisitor) {
    this.#visitor = visitor;
  }

  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;)
      at = this.#left < 0 ? this.#readHeader(chunk, at) : this.#readBody(chunk, at);
  }

  #readHeader(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(10, at);
    this.#header += chunk.toString("latin1", at, end < 0 ? chunk.length : end);
    if (end < 0) return chunk.length;
    const [, object, size] = /^([0-9a-f]+) \w+ (\d+)$/.exec(this.#header) ?? [];
    if (object === undefined) throw refused(`an object is missing (${this.#header.slice(0, 100)})`);
    this.#header = "";
    this.#left = Number(size);
    this.#visitor.begin(object, this.#left);
    return end + 1;
  }

  #readBody(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#left, chunk.length - at);
    if (taken > 0) this.#visitor.data(chunk.subarray(at, at + taken));
    this.#left -= taken;
    if (at + taken === chunk.length) return chunk.length;
    // The newline behind the bytes.
    this.#left = -1;
    this.count++;
    this.#visitor.end();
    return at + taken + 1;
  }
}
