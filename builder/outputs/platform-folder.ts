import { bytesOf } from "../core/bytes.ts";
import { joinPath } from "../core/paths.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import type { NewChange } from "../layers/types.ts";

/** `linux_arm64`: where the files of one platform go when there are several (BuildKit exporter/local/export.go). */
export function platformFolder(platform: Platform): string {
  return formatPlatform(platform).replaceAll("/", "_");
}

/** Changes moved into a folder, which comes first. */
export function* inFolder(folder: string, mtime: number, changes: Iterable<NewChange>): Generator<NewChange> {
  const path = bytesOf(folder);
  yield { kind: "entry", entry: { path, type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, mtime } };
  for (const change of changes) {
    if (change.kind !== "entry") continue;
    const { entry } = change;
    const moved = { ...entry, path: joinPath(path, entry.path) };
    if (entry.type === "hardlink" && entry.link !== undefined) moved.link = joinPath(path, entry.link);
    yield { ...change, entry: moved };
  }
}
