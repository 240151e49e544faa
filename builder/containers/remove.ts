import { TsbuildError } from "../core/errors.ts";
import { discardContainer, findContainer } from "./containers.ts";
import { isAtWork, killAndWait, nameOf } from "./stop.ts";
import { isSupervised } from "./supervisor.ts";
import type { ContainerServices } from "./types.ts";

/** Takes a container and what it wrote out of the store; one that runs only with `force`, which kills it. */
export async function removeContainer(
  services: ContainerServices,
  reference: string,
  force: boolean,
): Promise<void> {
  const container = await findContainer(services.store, reference);
  const { record, state, directory } = container;
  const runs = isAtWork(container) || (state.status === "created" && (await isSupervised(directory)));
  if (runs && !force) {
    const now = state.status === "restarting" ? "is restarting" : "runs";
    throw new TsbuildError("CONTAINER_STATE", `Cannot remove container ${nameOf(record)}: it ${now}`, {
      hint: `stop it first (tsbuild stop ${nameOf(record)}), or use -f`,
    });
  }
  await killAndWait(container);
  await discardContainer(services.store, container, async (paths) => (await services.helper()).remove(paths));
}
