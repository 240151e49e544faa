import { TsbuildError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { ProgressMode } from "../progress/types.ts";
import type { Tsbuild } from "../api/types.ts";
import type { Session } from "./types.ts";

/** Work on the store that has no progress to show; what there is to say is said as lines. */
export async function withStore<T>(
  session: Session,
  work: (tsbuild: Tsbuild, emit: Emit) => T | Promise<T>,
): Promise<T> {
  return withProgress(session, "plain", "", work);
}

/** Opens the store and the display, does the work, and closes both whatever happens. */
export async function withProgress<T>(
  session: Session,
  mode: ProgressMode,
  title: string,
  work: (tsbuild: Tsbuild, emit: Emit, endProgress: () => void) => T | Promise<T>,
  options: { readonly timestamps?: boolean } = {},
): Promise<T> {
  const { io, open } = session;
  if (mode === "tty" && !io.stderr.isTTY) {
    throw new TsbuildError("USAGE", "Cannot use --progress tty: standard error is not a terminal", {
      hint: "write --progress plain, or leave it out",
    });
  }
  session.rawJson = mode === "rawjson";
  const { openProgress } = await import("../progress/open.ts");
  const progress = await openProgress({ mode, screen: io.stderr, env: io.env, title, ...options });
  session.restore.add(progress.close);
  try {
    const { emit } = progress;
    const options = {
      env: io.env,
      emit,
      get signal() {
        return session.signal;
      },
    };
    await using tsbuild = await open(options);
    return await work(tsbuild, emit, progress.close);
  } finally {
    progress.close();
  }
}
