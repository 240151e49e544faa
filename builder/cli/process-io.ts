import { fstatSync, writeSync } from "node:fs";
import { errnoOf } from "../core/errors.ts";
import type { Input, Io, Output } from "./types.ts";

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
/** How long to wait for a reader that is slow, before the next try (ms). */
const RETRY = 2;

/** The major number of /dev/null and its like (Linux, admin-guide/devices.txt). */
const MEMORY_DEVICES = 1;

/** What dies of a broken pipe ends with 128 + SIGPIPE, as `yes | head` does. */
const SIGPIPE_STATUS = 141;

/** The real process. */
export function processIo(): Io {
  return {
    env: process.env,
    stdin: input(),
    stdout: output(
      1,
      () => process.stdout,
      () => process.exit(SIGPIPE_STATUS),
    ),
    // Whoever closed the log does not stop the build.
    stderr: output(
      2,
      () => process.stderr,
      () => undefined,
    ),
    onSignal(signal, listener) {
      process.on(signal, listener);
      return () => process.off(signal, listener);
    },
    exit: (status) => process.exit(status),
  };
}

/**
 * Writes go to the descriptor itself: Node's stream takes 3 ms to make, which a cached build would feel, and only
 * a terminal has what it is good for.
 */
function output(fd: number, stream: () => NodeJS.WriteStream, onBrokenPipe: () => void): Output {
  let broken = false;
  const isTTY = mayBeTerminal(fd) && stream().isTTY === true;
  return {
    isTTY,
    get columns() {
      return (isTTY ? stream().columns : 0) || DEFAULT_COLUMNS;
    },
    get rows() {
      return (isTTY ? stream().rows : 0) || DEFAULT_ROWS;
    },
    write(data) {
      if (broken) return;
      try {
        writeAll(fd, typeof data === "string" ? Buffer.from(data, "utf8") : data);
      } catch (error) {
        if (errnoOf(error) !== "EPIPE") throw error;
        broken = true;
        onBrokenPipe();
      }
    },
    onResize(listener) {
      if (!isTTY) return () => undefined;
      stream().on("resize", listener);
      return () => stream().off("resize", listener);
    },
  };
}

/** Another process may have made the pipe non-blocking: then a full one is waited for. */
function writeAll(fd: number, data: Uint8Array): void {
  let written = 0;
  while (written < data.length) {
    try {
      written += writeSync(fd, data, written);
    } catch (error) {
      if (errnoOf(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY);
    }
  }
}

function input(): Input {
  let opened: NodeJS.ReadStream | undefined;
  const stream = (): NodeJS.ReadStream => (opened ??= process.stdin);
  return {
    get isTTY() {
      return mayBeTerminal(0) && stream().isTTY === true;
    },
    setRawMode: (raw) => void stream().setRawMode(raw),
    read: () => stream() as AsyncIterable<Uint8Array>,
    close: () => void opened?.destroy(),
  };
}

/** Node's streams know, and take a millisecond to make: what is none for sure is not asked, /dev/null above all. */
function mayBeTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev >> 8 !== MEMORY_DEVICES;
  } catch {
    return false;
  }
}
