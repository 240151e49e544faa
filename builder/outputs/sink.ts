import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { once } from "node:events";
import { dirname, resolve } from "node:path";
import type { Writable } from "node:stream";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";

/** Where an output's bytes go. What was not ended leaves nothing behind. */
export interface Sink {
  write(chunk: Uint8Array): void;
  /** Waits while the reader is behind. */
  drain(): Promise<void>;
  end(): Promise<void>;
  discard(): void;
}

/** A file that appears whole or not at all; "-" is `stdout`. */
export function openSink(dest: string, stdout: () => Writable): Sink {
  return dest === "-" ? streamSink(stdout()) : fileSink(resolve(dest));
}

/** Opens a sink and fills it; where that fails, nothing of it stays. */
export async function writeWhole(open: () => Sink, fill: (sink: Sink) => Promise<void>): Promise<void> {
  const sink = open();
  try {
    await fill(sink);
  } catch (error) {
    sink.discard();
    throw error;
  }
}

function fileSink(path: string): Sink {
  const temporary = `${path}.tsbuild-${process.pid}`;
  let opened = false;
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      // Where nothing could be opened there is nothing to remove, and a path through a file cannot even be asked for.
      if (opened) rmSync(temporary, { force: true });
      const full = errnoOf(cause) === "ENOSPC";
      throw new TsbuildError(
        full ? "DISK_FULL" : "STORE_UNWRITABLE",
        `Cannot write "${path}": ${full ? "the disk is full" : messageOf(cause)}`,
        { cause },
      );
    }
  };
  const file = attempt(() => {
    makeDirectory(dirname(path));
    return openSync(temporary, "w", 0o666);
  });
  opened = true;
  let open = true;
  const close = (): void => {
    if (open) closeSync(file);
    open = false;
  };
  return {
    write: (chunk) => attempt(() => writeAll(file, chunk)),
    drain: async () => {},
    end: async () =>
      attempt(() => {
        fsyncSync(file);
        close();
        renameSync(temporary, path);
      }),
    discard() {
      close();
      rmSync(temporary, { force: true });
    },
  };
}

function streamSink(stream: Writable): Sink {
  return {
    // The tar writer reuses its buffer: a stream that is behind would send what was written over it.
    write: (chunk) => void stream.write(Buffer.from(chunk)),
    async drain() {
      if (stream.writableNeedDrain) await once(stream, "drain");
    },
    end: () => new Promise((done, fail) => stream.write("", (error) => (error ? fail(error) : done()))),
    discard() {},
  };
}

function writeAll(file: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done);
}
