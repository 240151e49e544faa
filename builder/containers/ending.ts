import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { errnoOf } from "../core/errors.ts";
import type { Ending } from "../api/container-types.ts";

const LINE = /^(\d{1,3}) \d{1,3} \d (\d) (\d{1,20})\n/;
const MOST = 4096;

/** How a container ended, as its supervisor wrote it (native/container/journal.h); undefined where it did not. */
export function readEnding(directory: string): Ending | undefined {
  let text: string;
  try {
    text = readFileSync(`${directory}/exit`, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
  const [line = "", code, outOfMemory, nanoseconds] = LINE.exec(text.slice(0, MOST)) ?? [];
  return {
    code: Number(code ?? 255),
    outOfMemory: outOfMemory === "1",
    time: timeOf(nanoseconds),
    message: text.slice(line.length, MOST),
  };
}

/** A time in nanoseconds since 1970, as RFC 3339 has it; what is none is 1970. */
export function timeOf(nanoseconds: string | undefined): string {
  const time = new Date(Number(nanoseconds ?? 0) / 1e6);
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
}

/** Says how a container ended whose supervisor could not. */
export function writeEnding(directory: string, { code, time, message }: Ending): void {
  const temporary = `${directory}/exit.${process.pid}.tmp`;
  writeFileSync(temporary, `${code} 0 0 0 ${Date.parse(time)}000000\n${message}`);
  renameSync(temporary, `${directory}/exit`);
}
