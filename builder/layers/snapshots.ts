import type { RootFs } from "./types.ts";

/**
 * Directories of the unpacked layers of a root filesystem, bottom first, each once: overlayfs takes none twice (ELOOP). The
 * highest one of equals stays. All that it says, it says in place of those below it.
 */
export async function snapshotsOf(rootfs: RootFs): Promise<string[]> {
  const paths = (await Promise.all(rootfs.map((layer, at) => layer.snapshot(rootfs.slice(0, at))))).flat();
  return paths.filter((path, at) => !paths.includes(path, at + 1));
}
