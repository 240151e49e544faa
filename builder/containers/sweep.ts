import { isGone, parseSessionName } from "../store/session.ts";
import type { Container } from "../api/container-types.ts";
import { discardContainer } from "./containers.ts";
import { isSupervised } from "./supervisor.ts";
import type { ContainerServices } from "./types.ts";

/** Removes containers that should have gone when they ended, and whose supervisor did not live to do it; the others. */
export async function sweepContainers(
  services: ContainerServices,
  containers: readonly Container[],
): Promise<Container[]> {
  const left: Container[] = [];
  for (const container of containers) {
    if (!(await isLeftOver(container))) {
      left.push(container);
      continue;
    }
    await discardContainer(services.store, container, async (paths) =>
      (await services.helper()).remove(paths),
    );
  }
  return left;
}

async function isLeftOver({ record, state, directory }: Container): Promise<boolean> {
  if (!record.remove || state.status === "running" || state.status === "dead") return false;
  // Its maker removes it, or its supervisor, as long as they live.
  const session = parseSessionName(record.session);
  if (session === undefined || !isGone(session)) return false;
  return !(await isSupervised(directory));
}
