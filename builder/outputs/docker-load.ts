import { spawn } from "node:child_process";
import { once } from "node:events";
import { errnoOf, messageOf, TsbuildError } from "../core/errors.ts";
import type { Sink } from "./sink.ts";

/** As much of what docker says as an error shows. */
const MAX_WORDS = 2000;

/** Bytes into `docker load`: --load. It ends well when docker says that it took them. */
export function dockerLoadSink(env: NodeJS.ProcessEnv): Sink {
  const child = spawn("docker", ["load", "--quiet"], { env, stdio: ["pipe", "ignore", "pipe"] });
  const { stdin, stderr } = child;
  let words = "";
  stderr.setEncoding("utf8").on("data", (text: string) => (words = `${words}${text}`.slice(0, MAX_WORDS)));
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(failure(errnoOf(cause) === "ENOENT" ? "docker is not on the PATH" : messageOf(cause))),
    );
    child.once("close", (status) =>
      status === 0 ? resolve() : reject(failure(words.trim() || `it ended with status ${status}`)),
    );
  });
  // Whoever waits for the end hears of it; docker may be gone long before.
  ended.catch(() => {});
  stdin.on("error", () => {});
  return {
    // The tar writer uses its buffer again.
    write: (chunk) => void stdin.write(Buffer.from(chunk)),
    async drain() {
      if (stdin.writableNeedDrain) await Promise.race([once(stdin, "drain"), ended]);
    },
    async end() {
      stdin.end();
      await ended;
    },
    discard: () => void child.kill(),
  };
}

function failure(state: string): TsbuildError {
  return new TsbuildError("UNSUPPORTED", `Cannot give the image to docker: ${state}`, {
    hint: "--load needs the docker command and its daemon; -o type=docker,dest=app.tar writes the archive to a file",
  });
}
