import type { Bytes } from "./bytes.ts";

/** Go's path.Clean: no `.`, no inner `..`, no doubled or trailing slash; "" becomes ".". */
export function cleanPath(path: string): string {
  const rooted = path.startsWith("/");
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!rooted) kept.push("..");
  }
  const joined = kept.join("/");
  if (rooted) return `/${joined}`;
  return joined === "" ? "." : joined;
}

/** Inside a root: relative to it, clean, `..` clipped at the root, "" for the root itself. */
export function insideRoot(path: string): Bytes {
  return cleanPath(`/${path}`).slice(1) as Bytes;
}

/** `path` where it is absolute, else `path` below `base`; clean and absolute. */
export function resolveAgainst(base: string, path: string): string {
  return cleanPath(path.startsWith("/") ? path : `${base}/${path}`);
}

/** The directory part of a path inside a root, "" at the top. */
export function parentOf(path: Bytes): Bytes {
  const slash = path.lastIndexOf("/");
  return (slash < 0 ? "" : path.slice(0, slash)) as Bytes;
}

export function baseOf(path: Bytes): Bytes {
  return path.slice(path.lastIndexOf("/") + 1) as Bytes;
}

export function joinPath(directory: Bytes, name: string): Bytes {
  return (directory === "" ? name : `${directory}/${name}`) as Bytes;
}
