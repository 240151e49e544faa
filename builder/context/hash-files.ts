import { setImmediate } from "node:timers/promises";
import type { Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { secondThread, type SecondThread } from "../core/second-thread.ts";
import type { FileReader, HashedFile } from "./files.ts";

/** A file below the directory of a reader, and about how large it is. */
export interface FileToHash {
  readonly path: Bytes;
  readonly size: number;
}

/** Is given each file with what was read, and when its reading began at the earliest (ms). */
type Done = (file: FileToHash, hashed: HashedFile, readAt: number) => void;

/** What is hashed at one go: neither signals nor the display wait long, and both threads end at about the same time. */
const BATCH_FILES = 256;
const BATCH_BYTES = 4 << 20;
/** Less than this is hashed before the second thread has begun. An open and a close cost as much as so many bytes. */
const WORTH_A_THREAD = 24 << 20;
const COST_OF_FILE = 8 << 10;
/** Files from this size on are not read in one go here. */
const BIG = 8 << 20;

/** Hashes files, with two threads where there are many. */
export async function hashFiles(
  directory: Bytes,
  reader: FileReader,
  files: readonly FileToHash[],
  done: Done,
): Promise<void> {
  const batches = batchesOf(files);
  const cost = files.reduce((sum, { size }) => sum + size + COST_OF_FILE, 0);
  const next = (): readonly FileToHash[] | undefined => batches.pop();
  const thread = cost < WORTH_A_THREAD ? undefined : await secondThread();
  // Two on their way to it, so that it need not wait for an answer to be taken.
  const aside =
    thread === undefined ? [] : [1, 2].map(() => hashAside(thread, directory, reader, next, done));
  await Promise.all([hashHere(reader, next, done), ...aside]);
}

async function hashHere(
  reader: FileReader,
  next: () => readonly FileToHash[] | undefined,
  done: Done,
): Promise<void> {
  for (let batch = next(); batch !== undefined; batch = next()) {
    await hashBatch(reader, batch, done);
    await setImmediate();
  }
}

async function hashBatch(reader: FileReader, batch: readonly FileToHash[], done: Done): Promise<void> {
  for (const file of batch) {
    const readAt = Date.now();
    const hashed = file.size < BIG ? reader.hash(file.path) : await reader.hashSlowly(file.path);
    done(file, hashed, readAt);
  }
}

async function hashAside(
  thread: SecondThread,
  directory: Bytes,
  reader: FileReader,
  next: () => readonly FileToHash[] | undefined,
  done: Done,
): Promise<void> {
  for (let batch = next(); batch !== undefined; batch = next()) {
    const readAt = Date.now();
    const paths = batch.map(({ path }) => path);
    const answer = await thread.ask("hash-files", { directory, paths });
    // Here its error is a proper one.
    if (answer === undefined) await hashBatch(reader, batch, done);
    else take(answer, batch, readAt, done);
  }
}

function take(
  { hashes, stamps }: { readonly hashes: Uint8Array; readonly stamps: Float64Array },
  batch: readonly FileToHash[],
  readAt: number,
  done: Done,
): void {
  const hex = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.length).toString("hex");
  batch.forEach((file, row) => {
    const at = row * 4;
    const stats = {
      size: stamps[at] ?? 0,
      mtimeMs: stamps[at + 1] ?? 0,
      ctimeMs: stamps[at + 2] ?? 0,
      ino: stamps[at + 3] ?? 0,
    };
    done(file, { digest: `sha256:${hex.slice(row * 64, row * 64 + 64)}` as Digest, stats }, readAt);
  });
}

/** In the order of files, to be taken from the end. */
function batchesOf(files: readonly FileToHash[]): FileToHash[][] {
  const batches: FileToHash[][] = [];
  let batch: FileToHash[] = [];
  let bytes = 0;
  for (const file of files) {
    if (batch.length === BATCH_FILES || (bytes + file.size > BATCH_BYTES && batch.length > 0)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += file.size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches.reverse();
}
