import { TsbuildError } from "../core/errors.ts";
import { findContainer, openContainer, renameRecord } from "./containers.ts";
import { checkedName } from "./names.ts";
import { nameOf } from "./stop.ts";
import type { ContainerServices } from "./types.ts";

/** Gives a container another name. */
export async function renameContainer(
  { store }: ContainerServices,
  reference: string,
  name: string,
): Promise<void> {
  const wanted = checkedName(name);
  const { record: found } = await findContainer(store, reference);
  // Whoever starts it writes its record.
  using lock = await store.locks.acquire(`start ${found.id}`);
  void lock;
  const container = await openContainer(store, found.id);
  if (container === undefined || container.state.status === "created") {
    throw new TsbuildError(
      "CONTAINER_STATE",
      `Cannot rename container ${nameOf(found)}: it is ${container === undefined ? "gone" : "not started yet"}`,
    );
  }
  await renameRecord(store, container, wanted);
}
