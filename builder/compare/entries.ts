import type { Entry } from "../core/entry.ts";
import type { Aspect } from "./types.ts";

/** What differs between two entries, but for the bytes of regular files of equal size, which only reading tells. */
export function entryAspects(a: Entry, b: Entry): Aspect[] {
  const aspects: Aspect[] = [];
  if (a.type !== b.type) aspects.push("type");
  // The mode of a symlink means nothing, and tars have different ones.
  if (a.mode !== b.mode && a.type !== "symlink") aspects.push("mode");
  if (a.uid !== b.uid || a.gid !== b.gid) aspects.push("owner");
  if (a.type === b.type) {
    if (a.type === "file" && a.size !== b.size) aspects.push("size", "content");
    if (a.link !== b.link) aspects.push("link");
    if (a.major !== b.major || a.minor !== b.minor) aspects.push("device");
  }
  if (attributes(a) !== attributes(b)) aspects.push("attributes");
  // A hard link has the time of the file that it names.
  if (a.mtime !== b.mtime && a.type !== "hardlink") aspects.push("time");
  return aspects;
}

/** The order in which aspects are told. */
export function inOrder(aspects: readonly Aspect[]): Aspect[] {
  return ORDER.filter((aspect) => aspects.includes(aspect));
}

const ORDER: readonly Aspect[] = [
  "type",
  "mode",
  "owner",
  "size",
  "content",
  "link",
  "device",
  "attributes",
  "time",
];

function attributes({ xattrs }: Entry): string {
  return xattrs === undefined ? "" : JSON.stringify(Object.entries(xattrs).sort());
}
