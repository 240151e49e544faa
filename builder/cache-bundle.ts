import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { openBundle, packBundle } from "./cache/bundle-file.ts";
import { restoreBundle } from "./cache/restore-bundle.ts";
import { saveBundle } from "./cache/save-bundle.ts";
import type { BundleReport } from "./cache/types.ts";
import type { Session } from "./session/session.ts";
import type { CacheBundleOptions } from "./api/types.ts";

/** `tsbuild cache save`: to a directory, which keeps what it has, or to one file. */
export async function saveCache(
  session: Session,
  path: string,
  { signal, emit, maxSize = Infinity }: CacheBundleOptions,
): Promise<BundleReport> {
  const tools = { store: session.store, helper: session.helper, signal, emit };
  if (!isFile(path)) return saveBundle(tools, resolve(path), maxSize);
  const directory = session.store.tempPath("bundle");
  const report = await saveBundle(tools, directory, maxSize);
  await packBundle(directory, resolve(path));
  return report;
}

/** `tsbuild cache restore`. */
export async function restoreCache(
  session: Session,
  path: string,
  { signal, emit }: CacheBundleOptions,
): Promise<BundleReport> {
  const tools = { store: session.store, helper: session.helper, signal, emit };
  const report = await restoreBundle(tools, await openBundle(resolve(path)));
  await session.makeDurable();
  return report;
}

/** What is there says what it is; of what is not, a name that ends in .tar is a file's. */
function isFile(path: string): boolean {
  return existsSync(path) ? !statSync(path).isDirectory() : path.endsWith(".tar");
}
