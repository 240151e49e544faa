import type { RunOptions } from "./api/run-options.ts";
import { runContainer } from "./containers/run-container.ts";
import { imageToRun } from "./images/image-to-run.ts";
import type { Session } from "./session/session.ts";

/** Runs a container of an image, which is fetched where the store does not have it. */
export async function runImage(session: Session, asked: RunOptions): Promise<number> {
  const { isolation } = await session.isolating();
  const request =
    isolation.level === "chroot"
      ? (await import("./containers/by-chroot.ts")).requestByChroot(asked, isolation)
      : asked;
  // The container may run for a year.
  const onStart: typeof request.io.onStart = (...started) => {
    session.names.keep();
    request.io.onStart(...started);
  };
  return runContainer(session, () => imageToRun(session, request), {
    ...request,
    io: { ...request.io, onStart },
  });
}
