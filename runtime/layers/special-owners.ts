import { existsSync, readFileSync } from "node:fs";
import type { Bytes } from "../../builder/core/bytes.ts";
import { outlineOf } from "../../builder/layers/outline-of.ts";
import type { Layer, RootFs } from "../../builder/layers/types.ts";

/** `uid:gid:path` of entries by path; undefined where the layer has something there that needs none. */
type Owners = ReadonlyMap<Bytes, Bytes | undefined>;

const known = new WeakMap<Layer, Owners>();

/**
 * Owners of what is neither a regular file nor a directory, as `uid:gid:path`, where they are not root's. With a single id
 * these have no owner on disk, and no extended attribute that could say so (xattr(7)).
 */
export async function specialOwners(rootfs: RootFs): Promise<Bytes[]> {
  const merged = new Map<Bytes, Bytes>();
  for (const layer of rootfs) {
    for (const [path, line] of await ownersIn(layer)) {
      if (line === undefined) merged.delete(path);
      else merged.set(path, line);
    }
  }
  return [...merged.values()];
}

async function ownersIn(layer: Layer): Promise<Owners> {
  const here = known.get(layer);
  if (here !== undefined) return here;
  const owners = new Map<Bytes, Bytes | undefined>();
  for (const change of (await outlineOf(layer)).changes) {
    if (change.kind !== "entry") continue;
    const { path, type, uid, gid } = change.entry;
    if (type === "file" || type === "directory" || type === "hardlink") continue;
    owners.set(path, uid === 0 && gid === 0 ? undefined : (`${uid}:${gid}:${path}` as Bytes));
  }
  known.set(layer, owners);
  return owners;
}

/** The same of what was made in an overlay with this work directory: what native/tree/owners.h left beside that. */
export function ownersBeside(work: string): Uint8Array | undefined {
  const file = `${work}.owners`;
  return existsSync(file) ? readFileSync(file) : undefined;
}
