import { createReadStream } from "node:fs";
import { Hasher } from "../../core/digest.ts";
import { TsbuildError } from "../../core/errors.ts";
import { printable } from "../../core/bytes.ts";
import type { TreeBlob } from "../../outputs/image-tree.ts";
import { heldBack } from "./held-back.ts";
import type { ImageFiles } from "./types.ts";

/** As for documents from registries (image/fields.ts). */
const MAX_DOCUMENT = 4 * 1024 * 1024;
const READ_SIZE = 1 << 20;

/** A document of an archive or layout: there, and not larger than documents are. */
export function readDocument(files: ImageFiles, path: string): Buffer {
  const size = sizeOf(files, path);
  if (size <= MAX_DOCUMENT) return files.read(path);
  throw new TsbuildError(
    "ARCHIVE_INVALID",
    `Cannot read ${files.label}: "${printable(path)}" has ${size} bytes, more than the ${MAX_DOCUMENT} of a document`,
  );
}

/** A blob that lies in a file. What is wrong about it is said now where that is known, else when its bytes were read. */
export function fileBlob(files: ImageFiles, path: string, descriptor: TreeBlob["descriptor"]): TreeBlob {
  const { mediaType, digest, size } = descriptor;
  const known = files.digest(path);
  const wrong = (state: string): TsbuildError =>
    new TsbuildError("DIGEST_MISMATCH", `Cannot read ${files.label}: "${printable(path)}" ${state}`, {
      hint: "it is damaged, or somebody changed it",
    });
  const there = sizeOf(files, path);
  if (there !== size) throw wrong(`has ${there} bytes, and should have ${size}`);
  if (known !== undefined && known !== digest)
    throw wrong(`has the digest ${known}, and should have ${digest}`);
  const file = files.place(path);
  const verified = async function* (): AsyncGenerator<Buffer> {
    const hasher = new Hasher();
    for await (const chunk of createReadStream(file, { highWaterMark: READ_SIZE })) {
      hasher.update(chunk as Buffer);
      yield chunk as Buffer;
    }
    const read = hasher.digest();
    if (read !== digest) throw wrong(`has the digest ${read}, and should have ${digest}`);
  };
  return {
    descriptor: { mediaType, digest, size },
    sources: [],
    ...(known === undefined ? {} : { path: async () => file, isOwn: true }),
    open: () => heldBack(verified()),
  };
}

/** The size of a file that must be there. */
export function sizeOf(files: ImageFiles, path: string): number {
  const size = files.size(path);
  if (size !== undefined) return size;
  throw new TsbuildError("ARCHIVE_INVALID", `Cannot read ${files.label}: it has no "${printable(path)}"`, {
    hint: "it is not whole, or no image that tsbuild, docker, podman or skopeo wrote",
  });
}
