import { parentPort } from "node:worker_threads";
import { FileReader } from "../context/files.ts";
import { Hasher, hexOf } from "../core/digest.ts";
import { SpanHasher } from "../core/file-spans.ts";
import { piecesOf, writeAt } from "../core/copy-range.ts";
import { ownBuffers } from "../core/discard.ts";
import { errnoOf, messageOf } from "../core/errors.ts";
import { compressFrame } from "../layers/zstd-frames.ts";
import type { ThreadJobs, ThreadReply, ThreadRequest } from "../core/second-thread.ts";

/*
 * What runs in the second thread (core/second-thread.ts): the build's first thread gives it files to hash and blobs to
 * write while it does the rest of the work itself.
 */
type Jobs = {
  readonly [K in keyof ThreadJobs]: (job: ThreadJobs[K][0]) => ThreadJobs[K][1] | Promise<ThreadJobs[K][1]>;
};

const STAMPS = 4;
const HASH = 32;

const SLICE = 1 << 20;

let slice: Buffer | undefined;
const hashers = new Map<number, Hasher>();
const spans = new Map<number, SpanHasher>();

const jobs: Jobs = {
  /** Undefined where one cannot be read: the first thread tries it again, and says why. */
  "hash-files"({ directory, paths }) {
    const reader = new FileReader(directory);
    const hashes = Buffer.alloc(paths.length * HASH);
    const stamps = new Float64Array(paths.length * STAMPS);
    try {
      for (const [row, path] of paths.entries()) {
        const { digest, stats } = reader.hash(path);
        hashes.write(hexOf(digest), row * HASH, "hex");
        stamps.set([stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino], row * STAMPS);
      }
    } catch {
      return undefined;
    }
    return { hashes, stamps };
  },

  "write-hashed"({ blob, fd, at, data, files, done }) {
    hasherOf(blob).update(data);
    writeAt(fd, data, at);
    const hasher = spans.get(blob) ?? new SpanHasher();
    spans.set(blob, hasher);
    const digests = files && hasher.take(data, files);
    Atomics.add(done, 0, 1);
    return digests;
  },

  "hash-range"({ blob, from, offset, size }) {
    slice ??= Buffer.allocUnsafeSlow(SLICE);
    const hasher = hasherOf(blob);
    for (const piece of piecesOf(from, offset, size, slice)) hasher.update(piece);
    return undefined;
  },

  async "zstd-frame"({ block, level }) {
    return compressFrame(block, level);
  },

  "end-hash"({ blob }) {
    const hasher = hashers.get(blob) ?? new Hasher();
    hashers.delete(blob);
    spans.delete(blob);
    return hasher.digest();
  },
};

function hasherOf(blob: number): Hasher {
  const hasher = hashers.get(blob) ?? new Hasher();
  hashers.set(blob, hasher);
  return hasher;
}

parentPort?.on("message", async ({ id, kind, job }: ThreadRequest) => {
  let reply: ThreadReply;
  try {
    const answer = jobs[kind](job as never);
    reply = { id, answer: answer instanceof Promise ? await answer : answer };
  } catch (error) {
    reply = { id, failure: { message: messageOf(error), errno: errnoOf(error) } };
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- of windows
  parentPort?.postMessage(reply, ownBuffers(reply.answer));
});
