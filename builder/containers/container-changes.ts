import type { Bytes } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import type { ContainerChange } from "../api/container-types.ts";
import type { EntryVisitor } from "../../runtime/types.ts";
import { findContainer } from "./containers.ts";
import { waysTo } from "./without-stubs.ts";
import { diffWritten } from "./written.ts";
import type { ContainerServices } from "./types.ts";

/** What a container wrote to its root filesystem, sorted by path. */
export async function containerChanges(
  services: ContainerServices,
  reference: string,
): Promise<ContainerChange[]> {
  const found: ContainerChange[] = [];
  const container = await findContainer(services.store, reference);
  await diffWritten(services, container, "compare", (image): EntryVisitor => {
    const below = (path: Bytes, now: ReadonlySet<Bytes>): Bytes[] =>
      image
        .list(path)
        .map((name) => `${path}/${name}` as Bytes)
        .filter((one) => !now.has(one));
    const put = new Set<Bytes>();
    return {
      entry({ path }: Entry) {
        put.add(path);
        found.push({ kind: image.stat(path) === undefined ? "added" : "changed", path });
      },
      data: () => undefined,
      whiteout: (path) => void found.push({ kind: "deleted", path }),
      // Whatever the image has in it is gone, but for what was put there anew, which comes before or after.
      opaque(path) {
        for (const one of below(path, put)) found.push({ kind: "deleted", path: one });
      },
    };
  });
  const onTheWay = waysTo(container.record.mounts);
  const kept = new Set(found.filter(({ kind }) => kind !== "deleted").map(({ path }) => path));
  return (
    found
      .filter(({ kind, path }) => kind !== "deleted" || !kept.has(path))
      // Something was made in it to be mounted on, and perhaps nothing else.
      .filter(({ kind, path }) => kind !== "changed" || !onTheWay.has(path) || hasBelow(found, path))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  );
}

function hasBelow(changes: readonly ContainerChange[], path: Bytes): boolean {
  return changes.some((change) => change.path.startsWith(`${path}/`));
}
