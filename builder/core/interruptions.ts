import { TsbuildError } from "./errors.ts";

/** Aborted when a build is interrupted, not when something beside it fails: what is nearly done is finished then. */
export function interruptions(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const heed = (): void => {
    const { reason } = signal;
    if (reason instanceof TsbuildError && reason.code === "INTERRUPTED") controller.abort(reason);
  };
  if (signal.aborted) heed();
  signal.addEventListener("abort", heed, { once: true });
  return controller.signal;
}
