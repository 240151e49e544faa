import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { hexOf, sha256, type Digest } from "../core/digest.ts";
import { TsbuildError, errnoOf } from "../core/errors.ts";
import { openAside } from "./aside-blob-writer.ts";
import { blobWriter } from "./blob-writer.ts";
import { explained, storeFailure } from "./failure.ts";
import type { Files } from "./files.ts";
import { Incoming } from "./incoming-blob.ts";
import type { BlobStore } from "./types.ts";

/** The content-addressed part of the store: blobs/sha256 of an OCI image layout. */
export function openBlobs(files: Files): BlobStore {
  const path = (digest: Digest): string => join(files.root, "blobs/sha256", hexOf(digest));
  const size = (digest: Digest): number | undefined => {
    const stat = statSync(path(digest), { throwIfNoEntry: false });
    return stat?.isFile() ? stat.size : undefined;
  };
  return {
    path,
    size,
    use: (digest) => files.touch(path(digest)),
    has: (digest) => size(digest) !== undefined,
    read: (digest) => readBlob(path(digest), digest),
    put(data) {
      const digest = sha256(data);
      // A blob that is here with this size is whole: recover.ts has seen to it.
      if (size(digest) !== data.length || !files.touch(path(digest))) files.writeFile(path(digest), data);
      return digest;
    },
    create: () => blobWriter(files, path),
    receive: (digest) => new Incoming(files, path(digest), digest),
    adopt(file, digest) {
      if (!files.touch(path(digest))) files.moveInPlace(file, path(digest), statSync(file).size);
    },
    createAside: (expected) => openAside(files, path, expected),
    delete(digest) {
      const there = size(digest) !== undefined;
      explained("remove", path(digest), () => rmSync(path(digest), { force: true }));
      return there;
    },
  };
}

function readBlob(path: string, digest: Digest): Buffer {
  let data: Buffer;
  try {
    data = readFileSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw storeFailure(error, "read", path);
    throw new TsbuildError("STORE_INVALID", `Cannot read blob ${digest}: it is not in the store`, {
      cause: error,
      hint: "pull or build the image that it belongs to again",
    });
  }
  if (sha256(data) !== digest) {
    throw new TsbuildError("STORE_INVALID", `Cannot read blob ${digest}: its bytes have another digest`, {
      hint: `remove "${path}", then pull or build the image that it belongs to again`,
    });
  }
  return data;
}
