import { bytesOf, type Bytes } from "../../core/bytes.ts";
import type { Tree } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import { resolveInTree, type Resolved } from "../../core/resolve.ts";
import { ContentReader } from "../../layers/content-reader.ts";

/** A database that is bigger is none of a container's, or an attack. */
const MAX_FILE = 256 << 20;

/** A regular file of an image, links followed inside of it; undefined where there is none, or it is larger than `limit`. */
export function readFile(tree: Tree, path: string | Bytes, limit: number = MAX_FILE): Buffer | undefined {
  const { path: at, entry } = resolved(tree, bytesOf(path));
  if (at === undefined || entry === undefined || (entry.type !== "file" && entry.type !== "hardlink"))
    return undefined;
  const size = entry.type === "hardlink" ? (tree.stat(entry.link ?? at)?.size ?? 0) : entry.size;
  if (size > limit) return undefined;
  using reader = new ContentReader();
  return reader.with(tree.content(at), (read) => {
    const data = Buffer.alloc(size);
    let done = 0;
    while (done < size) {
      const got = read(data, done, size - done);
      if (got === 0) break;
      done += got;
    }
    return data.subarray(0, done);
  });
}

/** An image may have links that go in a circle: then nothing is there. */
function resolved(tree: Tree, path: Bytes): Partial<Resolved> {
  try {
    return resolveInTree(tree, path, true);
  } catch (error) {
    if (error instanceof TsbuildError) return {};
    throw error;
  }
}

/** Paragraphs of `Key: value` lines, as dpkg keeps packages; lines that continue a value are left out. */
export function paragraphs(text: string): readonly ReadonlyMap<string, string>[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const fields = new Map<string, string>();
    for (const line of paragraph.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0 && !/^\s/.test(line)) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    return fields.size === 0 ? [] : [fields];
  });
}
