import { requireNamespaces } from "../runtime/isolation/caution.ts";
import type { RunOptions } from "./api/run-options.ts";
import { runContainer } from "./containers/run-container.ts";
import { imageToRun } from "./images/image-to-run.ts";
import type { Session } from "./session/session.ts";

/** Runs a container of an image, which is fetched where the store does not have it. */
export async function runImage(session: Session, request: RunOptions): Promise<number> {
  requireNamespaces((await session.isolating()).isolation, "run a container");
  return runContainer(session, () => imageToRun(session, request), request);
}
