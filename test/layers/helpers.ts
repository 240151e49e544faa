import { bytesFrom, bytesOf, toBuffer, type Bytes } from "../../builder/core/bytes.ts";
import type { Entry, Tree } from "../../builder/core/entry.ts";
import { joinPath } from "../../builder/core/paths.ts";
import type { LayerChange, LayerIndex, NewChange } from "../../builder/layers/types.ts";
import { writeLayer } from "../../builder/layers/write-layer.ts";

/** An entry with plain values. */
export function entryOf(path: string, type: Entry["type"] = "file", more: Partial<Entry> = {}): Entry {
  const mode = type === "directory" ? 0o755 : 0o644;
  return { path: path as Bytes, type, mode, uid: 0, gid: 0, size: 0, mtime: 1, ...more };
}

/** A file with these bytes. */
export function fileOf(path: string, text: string, more: Partial<Entry> = {}): NewChange {
  const data = toBuffer(bytesOf(text));
  return {
    kind: "entry",
    entry: entryOf(path, "file", { size: data.length, ...more }),
    content: { kind: "bytes", data },
  };
}

/** A change that brings no bytes. */
export function change(path: string, type: Entry["type"], more: Partial<Entry> = {}): NewChange {
  return { kind: "entry", entry: entryOf(path, type, more) };
}

/** The tar of changes, and the index that came with it. */
export async function tarOf(
  changes: readonly NewChange[],
  options: Parameters<typeof writeLayer>[2] = {},
): Promise<{ readonly tar: Buffer; readonly index: LayerIndex }> {
  const chunks: Buffer[] = [];
  const index = await writeLayer(changes, (chunk) => chunks.push(Buffer.from(chunk)), options);
  return { tar: Buffer.concat(chunks), index };
}

/** The bytes of a buffer, in pieces of a size. */
export async function* piecesOf(data: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** An index of changes that carry their bytes themselves. */
export function indexOf(changes: readonly NewChange[]): LayerIndex {
  return {
    changes: changes.map((change): LayerChange => {
      if (change.kind !== "entry") return change;
      const { entry, content } = change;
      return content?.kind === "bytes"
        ? { kind: "entry", entry, data: bytesFrom(content.data) }
        : { kind: "entry", entry };
    }),
  };
}

/** Everything in a tree: path → what is there, files with their bytes. */
export function dump(
  tree: Tree,
  directory = "" as Bytes,
  into = new Map<string, string>(),
): Map<string, string> {
  for (const name of tree.list(directory)) {
    const path = joinPath(directory, name);
    const entry = tree.stat(path);
    if (entry === undefined) throw new Error(`"${path}" is listed but not there`);
    const content = entry.type === "file" || entry.type === "hardlink" ? tree.content(path) : undefined;
    const bytes = content?.kind === "bytes" ? bytesFrom(content.data) : undefined;
    into.set(path, JSON.stringify([entry, bytes]));
    if (entry.type === "directory") dump(tree, path, into);
  }
  return into;
}
