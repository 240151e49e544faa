import { readFileSync } from "node:fs";
import { errnoOf } from "../core/errors.ts";
import type { Ending, Started } from "../api/container-types.ts";
import { timeOf } from "./ending.ts";

const LINE = /^(\d{1,9}) (\d{1,10}) (\d{1,20}) (\d{1,3}) (\d) (\d{1,20})\n$/;

/** What a container's supervisor says of its restarts (native/container/journal.h). */
export interface Restarts {
  readonly count: number;
  /** Its process now; undefined while it rests before the next run. */
  readonly process?: Pick<Started, "pid" | "start" | "time">;
  /** How the run before ended. */
  readonly last: Ending;
}

/** The restarts of a container; undefined where there were none since it was started. */
export function readRestarts(directory: string): Restarts | undefined {
  let text: string;
  try {
    text = readFileSync(`${directory}/restarts`, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
  const [, count, pid, start, code, outOfMemory, nanoseconds] = LINE.exec(text) ?? [];
  if (count === undefined) return undefined;
  const time = timeOf(nanoseconds);
  return {
    count: Number(count),
    ...(pid === "0" ? {} : { process: { pid: Number(pid), start: Number(start), time } }),
    last: { code: Number(code), outOfMemory: outOfMemory === "1", time, message: "" },
  };
}
