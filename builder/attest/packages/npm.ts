import type { Bytes } from "../../core/bytes.ts";
import { printable } from "../../core/bytes.ts";
import type { Tree } from "../../core/entry.ts";
import { joinPath } from "../../core/paths.ts";
import type { FoundPackage } from "../types.ts";
import { readFile } from "./read-file.ts";

const MANIFEST = "package.json" as Bytes;
const MODULES = "node_modules" as Bytes;
const MAX_MANIFEST = 1 << 20;
/** Where nothing but the kernel's files are. */
const SKIPPED: ReadonlySet<string> = new Set(["proc", "sys", "dev"]);

/** Packages below node_modules folders, wherever these are. */
export function npmPackages(tree: Tree): readonly FoundPackage[] {
  const found: FoundPackage[] = [];
  const todo: Bytes[] = ["" as Bytes];
  for (let folder = todo.pop(); folder !== undefined; folder = todo.pop()) {
    for (const name of tree.list(folder).toReversed()) {
      const path = joinPath(folder, name);
      if (SKIPPED.has(path) || tree.stat(path)?.type !== "directory") continue;
      todo.push(path);
      if (isPackage(folder)) found.push(...packageIn(tree, path));
    }
  }
  return found;
}

/** Whether what is in a folder are packages: node_modules itself, or a scope in it. */
function isPackage(folder: Bytes): boolean {
  const parts = folder.split("/");
  const last = parts.at(-1) ?? "";
  return last === MODULES || (last.startsWith("@") && parts.at(-2) === MODULES);
}

function packageIn(tree: Tree, folder: Bytes): readonly FoundPackage[] {
  const path = joinPath(folder, MANIFEST);
  let document: { readonly name?: unknown; readonly version?: unknown; readonly license?: unknown };
  try {
    document = Object(JSON.parse(readFile(tree, path, MAX_MANIFEST)?.toString("utf8") ?? "null"));
  } catch {
    return [];
  }
  const { name, version, license } = document;
  if (typeof name !== "string" || typeof version !== "string" || name === "" || version === "") return [];
  const given = typeof license === "string" ? { license } : {};
  return [{ kind: "npm", name, version, ...given, path: `/${printable(path)}` }];
}
