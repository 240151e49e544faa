import { createReadStream, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { hexOf, sha256, type Digest } from "../core/digest.ts";
import { TsbuildError, messageOf } from "../core/errors.ts";
import type { Platform } from "../core/platform.ts";
import { buildIndex } from "../image/build.ts";
import { parseIndexDocument, parseManifestOrIndex } from "../image/manifest.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import { loadCache } from "./load.ts";
import type { CacheSource, CacheTarget, OutgoingBlob } from "./places.ts";
import { makeFolder, writeWhole } from "./whole-file.ts";

const REF_NAME = "org.opencontainers.image.ref.name";
const READ_SIZE = 1 << 20;
/** OCI distribution-spec: what a manifest may have. */
const MAX_DOCUMENT = 4 << 20;

/** A cache in a directory that is an OCI image layout (OCI image-spec, image-layout.md). */
export function directorySource(
  directory: string,
  { tag, digest }: { readonly tag: string; readonly digest?: Digest },
  platforms: readonly Platform[],
): CacheSource {
  const open = async function* (blob: Descriptor): AsyncGenerator<Uint8Array> {
    const name = `blobs/sha256/${hexOf(blob.digest)}`;
    checkFile(directory, name, blob.size);
    try {
      yield* createReadStream(join(directory, name), { highWaterMark: READ_SIZE });
    } catch (cause) {
      throw new TsbuildError("IMAGE_NOT_FOUND", `Cannot read "${directory}": ${messageOf(cause)}`, { cause });
    }
  };
  return {
    label: directory,
    async load() {
      const manifest = async (wanted = digest ?? taggedDigest(directory, tag)): Promise<Found> => {
        const raw = readLayoutFile(directory, `blobs/sha256/${hexOf(wanted)}`);
        if (sha256(raw) === wanted) return { raw, mediaType: "" };
        throw new TsbuildError(
          "DIGEST_MISMATCH",
          `Cannot read "${directory}": its manifest is not ${wanted}`,
        );
      };
      return loadCache({ manifest, blob: open }, platforms, directory);
    },
    open,
  };
}

interface Found {
  readonly raw: Buffer;
  readonly mediaType: string;
}

/** Writes a cache beside what the directory has; with `reset`, what other exports left there goes. */
export function directoryTarget(
  directory: string,
  { tag, reset }: { readonly tag: string; readonly reset: boolean },
): CacheTarget {
  return {
    label: directory,
    async write({ manifest, config, configDescriptor, blobs }, { signal }) {
      makeFolder(join(directory, "blobs/sha256"));
      for (const blob of blobs) {
        signal.throwIfAborted();
        await putBlob(directory, blob);
      }
      const digest = sha256(manifest);
      await writeWhole(blobPath(directory, configDescriptor.digest), config);
      await writeWhole(blobPath(directory, digest), manifest);
      const descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest, size: manifest.length };
      const others = reset
        ? []
        : entriesOf(directory).filter((entry) => entry.annotations?.[REF_NAME] !== tag);
      const manifests = [...others, { ...descriptor, annotations: { [REF_NAME]: tag } }];
      const index = buildIndex({ format: "oci", manifests });
      await writeWhole(join(directory, "oci-layout"), Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
      await writeWhole(join(directory, "index.json"), index);
      if (reset) removeOthers(directory, [digest, configDescriptor.digest, ...blobs.map(digestOf)]);
    },
  };
}

async function putBlob(directory: string, { descriptor, path }: OutgoingBlob): Promise<void> {
  const place = blobPath(directory, descriptor.digest);
  // Written whole or not at all: a file of this name and size is the blob.
  if (statSync(place, { throwIfNoEntry: false })?.size === descriptor.size) return;
  const from = await path();
  await writeWhole(place, (temporary) => copyFile(from, temporary));
}

/** Blobs that only a manifest of before named. */
function removeOthers(directory: string, digests: readonly Digest[]): void {
  const keep = new Set(digests.map(hexOf));
  const folder = join(directory, "blobs/sha256");
  for (const name of readdirSync(folder)) if (!keep.has(name)) rmSync(join(folder, name), { force: true });
}

function taggedDigest(directory: string, tag: string): Digest {
  const { manifests } = parseIndexDocument(readLayoutFile(directory, "index.json"));
  const found = manifests.find(({ annotations }) => annotations?.[REF_NAME] === tag);
  if (found !== undefined) return found.digest;
  throw new TsbuildError("IMAGE_NOT_FOUND", `Cannot read "${directory}": it has no cache with tag "${tag}"`);
}

/** What the index names. A directory without one, or with another file of this name, is begun anew. */
function entriesOf(directory: string): readonly Descriptor[] {
  try {
    const document = parseManifestOrIndex(readLayoutFile(directory, "index.json"));
    return "manifests" in document ? document.manifests : [];
  } catch (error) {
    if (error instanceof TsbuildError) return [];
    throw error;
  }
}

function readLayoutFile(directory: string, name: string): Buffer {
  checkFile(directory, name);
  return readFileSync(join(directory, name));
}

/** Before a file that anybody may have made is opened: reading a pipe would never end. */
function checkFile(directory: string, name: string, size?: number): void {
  const refuse = (state: string): TsbuildError =>
    new TsbuildError("IMAGE_NOT_FOUND", `Cannot read the cache in "${directory}": ${state}`);
  const stat = statSync(join(directory, name), { throwIfNoEntry: false });
  if (stat === undefined) throw refuse(`it has no ${name}`);
  if (!stat.isFile()) throw refuse(`${name} is no file`);
  if (size === undefined && stat.size > MAX_DOCUMENT) throw refuse(`${name} has ${stat.size} bytes`);
  if (size !== undefined && stat.size !== size) throw refuse(`${name} has ${stat.size} bytes, not ${size}`);
}

function blobPath(directory: string, digest: Digest): string {
  return join(directory, "blobs/sha256", hexOf(digest));
}

function digestOf({ descriptor }: OutgoingBlob): Digest {
  return descriptor.digest;
}
