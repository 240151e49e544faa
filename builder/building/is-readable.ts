import { existsSync } from "node:fs";
import { hexOf } from "../core/digest.ts";
import type { RootFs } from "../layers/types.ts";
import type { Session } from "../session/session.ts";

/** Whether the files of layers can be read without fetching one. They are read from indexes, and their bytes from uncompressed tars. */
export async function isReadable({ store }: Pick<Session, "store">, rootfs: RootFs): Promise<boolean> {
  const diffIds = await Promise.all(rootfs.map((layer) => layer.diffId()));
  return diffIds.every((diffId) => store.blobs.has(diffId)) && isIndexed({ store }, rootfs);
}

/** Whether what layers have is known without fetching one. */
export async function isIndexed({ store }: Pick<Session, "store">, rootfs: RootFs): Promise<boolean> {
  const diffIds = await Promise.all(rootfs.map((layer) => layer.diffId()));
  return diffIds.every((diffId) => existsSync(store.path("indexes", hexOf(diffId))));
}
