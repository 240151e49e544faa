import * as fc from "fast-check";
import type { Bytes } from "../../builder/core/bytes.ts";
import type { Entry, EntryType } from "../../builder/core/entry.ts";
import { comparePaths, pathOf } from "../../builder/layers/path-order.ts";
import type { NewChange } from "../../builder/layers/types.ts";

// "a-b" and "a.b" stand on both sides of "a/": they show an order that forgets that paths have components.
const names = fc.constantFrom("a", "b", "a-b", "a.b", "\xc3\xa9", "\xff", "x y\n");

/** Paths that often coincide and contain one another. */
export const paths: fc.Arbitrary<Bytes> = fc
  .array(names, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("/") as Bytes);

const types = fc.constantFrom<EntryType>(
  "file",
  "file",
  "directory",
  "directory",
  "symlink",
  "fifo",
  "character",
);

const longLink = `${"long/".repeat(40)}end`;

/** Any entry, with the values that a plain header cannot hold among them. */
export const entries: fc.Arbitrary<Entry> = fc
  .record({
    path: paths,
    type: types,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.constantFrom(0, 1000, 2_097_151, 2_097_152, 4_000_000_000),
    gid: fc.constantFrom(0, 1000, 2_097_152),
    mtime: fc.constantFrom(0, 1, -1, 2 ** 33 - 1, 2 ** 33, 1_700_000_000),
    text: fc.string({ maxLength: 5 }),
    link: fc.constantFrom("a", "../b", "/\xff", longLink),
    capability: fc.constantFrom(undefined, undefined, undefined, "\x01\x00\x00\x02\x80\xff\n=\x00"),
  })
  .map(({ text, link, capability, ...plain }) => {
    const { type } = plain;
    return {
      ...plain,
      size: type === "file" ? text.length : 0,
      ...(type === "symlink" ? { link: link as Bytes } : {}),
      ...(type === "character" ? { major: 1, minor: 3 } : {}),
      ...(type === "file" && capability !== undefined
        ? { xattrs: { "security.capability": capability as Bytes } }
        : {}),
    };
  });

let counter = 0;

/** The change that puts an entry, with bytes that no other change has. */
export function putOf(entry: Entry): NewChange {
  if (entry.type !== "file") return { kind: "entry", entry };
  const data = Buffer.from(`#${counter++}`);
  return { kind: "entry", entry: { ...entry, size: data.length }, content: { kind: "bytes", data } };
}

/** The changes of a layer as layers are: sorted, each path once, nothing below what is no directory. */
export const layers: fc.Arbitrary<readonly NewChange[]> = fc
  .array(fc.tuple(fc.constantFrom("entry", "entry", "entry", "whiteout", "opaque"), entries), {
    maxLength: 12,
  })
  .map((wishes) => {
    const chosen = new Map<Bytes, NewChange[]>();
    for (const [kind, entry] of wishes) {
      const { path } = entry;
      const blocked = [...chosen].some(([other, changes]) => {
        const leaf = changes.some((change) => change.kind === "entry" && change.entry.type !== "directory");
        return other === path || (leaf && path.startsWith(`${other}/`)) || other.startsWith(`${path}/`);
      });
      if (blocked) continue;
      if (kind === "entry") chosen.set(path, [putOf(entry)]);
      else if (kind === "whiteout") chosen.set(path, [{ kind: "whiteout", path }]);
      else {
        const { mode, uid, gid, mtime } = entry;
        const directory: Entry = { path, type: "directory", mode, uid, gid, mtime, size: 0 };
        chosen.set(path, [
          { kind: "entry", entry: directory },
          { kind: "opaque", path },
        ]);
      }
    }
    return [...chosen.values()].flat().sort((a, b) => comparePaths(pathOf(a), pathOf(b)));
  });
