import { foldStyle } from "./folds.ts";
import { plainProgress } from "./plain.ts";
import type { Progress, ProgressMode, Screen } from "./types.ts";

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly screen: Screen;
  readonly env: NodeJS.ProcessEnv;
  /** What is going on, for the line on top: "Building". */
  readonly title: string;
  /** The log's lines of output begin with the time of day. */
  readonly timestamps?: boolean;
}

/** The display that was asked for; "auto" is live where somebody looks on, and a log in CI, pipes and files. */
export async function openProgress(options: ProgressOptions): Promise<Progress> {
  const { screen, env, title } = options;
  const mode = options.mode === "auto" ? automatic(screen, env) : options.mode;
  if (mode === "quiet") return (await import("./quiet.ts")).quietProgress();
  if (mode === "rawjson") return (await import("./rawjson.ts")).rawJsonProgress(screen);
  if (mode === "plain")
    return atFirstEvent(() =>
      plainProgress(screen, { folds: foldStyle(env), timestamps: options.timestamps }),
    );
  const [{ liveProgress }, { loadStyle }] = await Promise.all([import("./live.ts"), import("./style.ts")]);
  return liveProgress({ screen, title, style: await loadStyle(env, screen.isTTY) });
}

/** Most containers have nothing to tell: what they would tell it with is not loaded before. */
function atFirstEvent(open: () => Progress): Progress {
  let progress: Progress | undefined;
  let closed = false;
  return {
    emit(event) {
      if (!closed) (progress ??= open()).emit(event);
    },
    close() {
      closed = true;
      progress?.close();
    },
  };
}

function automatic(screen: Screen, env: NodeJS.ProcessEnv): "plain" | "tty" {
  const watched = screen.isTTY && env["TERM"] !== "dumb" && !isCi(env);
  return watched ? "tty" : "plain";
}

function isCi(env: NodeJS.ProcessEnv): boolean {
  const ci = env["CI"];
  return ci !== undefined && ci !== "" && ci !== "0" && ci !== "false";
}
