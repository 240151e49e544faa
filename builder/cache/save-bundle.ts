import { constants, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { hexOf, sha256, type DiffId } from "../core/digest.ts";
import { TsbuildError, messageOf } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { buildArtifact, buildIndex } from "../image/build.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import type { Store } from "../store/types.ts";
import type { Helper } from "../../runtime/types.ts";
import {
  storedBlob,
  storedMounts,
  storedRecords,
  type StoredMount,
  type UsedRecord,
} from "./bundle-contents.ts";
import { BUNDLE_TAG, MOUNT_TYPE, serializeBundle, type BundledMount } from "./bundle-document.ts";
import { CACHE_CONFIG_TYPE, type CacheLayer } from "./document.ts";
import { holdMount } from "./hold-mount.ts";
import { packMount } from "./mount-parts.ts";
import type { BundleReport } from "./types.ts";
import { makeFolder, writeWhole } from "./whole-file.ts";

/** What bundles are made with. */
export interface BundleTools {
  readonly store: Store;
  readonly helper: () => Promise<Helper>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/**
 * Writes records, layers and cache mounts to a directory, an OCI image layout. What it has already stays as it is; what
 * goes beyond `maxSize`, the longest unused first, is left out and goes from it.
 */
export async function saveBundle(
  tools: BundleTools,
  directory: string,
  maxSize: number,
): Promise<BundleReport> {
  checkDirectory(directory);
  const folder = join(directory, "blobs/sha256");
  makeFolder(folder);
  const bundle = new Saving(tools, folder, maxSize);
  const records = storedRecords(tools.store);
  const mounts = storedMounts(tools.store);
  const items = [...records, ...mounts].sort((a, b) => b.used - a.used);
  for (const item of items) {
    tools.signal.throwIfAborted();
    if ("slot" in item) await bundle.addMount(item);
    else await bundle.addRecord(item);
  }
  return bundle.finish(directory);
}

class Saving {
  readonly #tools: BundleTools;
  readonly #folder: string;
  readonly #maxSize: number;
  readonly #layers = new Map<DiffId, CacheLayer>();
  readonly #records: UsedRecord[] = [];
  readonly #mounts: BundledMount[] = [];
  readonly #blobs = new Map<string, Descriptor>();
  #bytes = 0;
  #written = 0;
  #left = 0;
  #parts = 0;

  constructor(tools: BundleTools, folder: string, maxSize: number) {
    this.#tools = tools;
    this.#folder = folder;
    this.#maxSize = maxSize;
  }

  /** A record goes with all its layers; one of which a layer is gone finds nothing and stays behind. */
  async addRecord(record: UsedRecord): Promise<void> {
    const fresh = [...new Set(record.layers)].filter((diffId) => !this.#layers.has(diffId));
    const stored = fresh.map((diffId) => ({ diffId, blob: storedBlob(this.#tools.store, diffId) }));
    const blobs = stored.flatMap(({ blob }) => blob ?? []);
    if (blobs.length < stored.length || !this.#take(blobs)) return;
    for (const { diffId, blob } of stored) {
      if (blob === undefined) continue;
      const { path, mediaType, digest, size } = blob;
      if (!this.#has(blob)) {
        await writeWhole(this.#path(blob), (temporary) =>
          copyFile(path, temporary, constants.COPYFILE_FICLONE),
        );
        this.#written += size;
      }
      this.#layers.set(diffId, { diffId, blob: { mediaType, digest, size } });
    }
    this.#records.push(record);
  }

  /** Nobody else has a cache mount while it is read. */
  async addMount({ id, slot, path, used }: StoredMount): Promise<void> {
    const { helper, signal, emit } = this.#tools;
    using _ = await holdMount(this.#tools, { id, slot, path });
    const place = (): string => join(this.#folder, `.tsbuild-${process.pid}-${++this.#parts}`);
    const made: string[] = [];
    try {
      const keep = (temporary: string, { digest, size }: Pick<Descriptor, "digest" | "size">): void => {
        if (this.#has({ digest, size })) return rmSync(temporary);
        renameSync(temporary, this.#path({ digest }));
        this.#written += size;
      };
      const parts = await packMount(
        await helper(),
        path,
        () => {
          const temporary = place();
          made.push(temporary);
          return temporary;
        },
        keep,
        signal,
      );
      const descriptors = parts.map((part) => ({ mediaType: MOUNT_TYPE, ...part }));
      if (this.#take(descriptors)) this.#mounts.push({ id, slot, used, parts: descriptors });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TsbuildError) || error.code === "DISK_FULL") throw error;
      emit({ type: "warning", message: `a cache mount is not saved: ${messageOf(error)}` });
    } finally {
      for (const temporary of made) rmSync(temporary, { force: true });
    }
  }

  async finish(directory: string): Promise<BundleReport> {
    const layers = [...this.#layers.values()];
    const config = serializeBundle({ layers, records: this.#records, mounts: this.#mounts });
    const configDescriptor = describe(CACHE_CONFIG_TYPE, config);
    const manifest = buildArtifact(configDescriptor, [...this.#blobs.values()]);
    const top = describe(MEDIA_TYPES.ociManifest, manifest);
    const annotations = { "org.opencontainers.image.ref.name": BUNDLE_TAG };
    const index = buildIndex({ format: "oci", manifests: [{ ...top, annotations }] });
    await writeWhole(this.#path(configDescriptor), config);
    await writeWhole(this.#path(top), manifest);
    await writeWhole(join(directory, "oci-layout"), Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    await writeWhole(join(directory, "index.json"), index);
    const keep = new Set([...this.#blobs.values(), configDescriptor, top].map(({ digest }) => hexOf(digest)));
    for (const name of readdirSync(this.#folder)) {
      if (!keep.has(name)) rmSync(join(this.#folder, name), { force: true });
    }
    return {
      records: this.#records.length,
      layers: layers.length,
      mounts: this.#mounts.length,
      bytes: this.#bytes,
      moved: this.#written,
      left: this.#left,
    };
  }

  /** Takes blobs in, where they fit. */
  #take(blobs: readonly Descriptor[]): boolean {
    const fresh = new Map(blobs.map(({ mediaType, digest, size }) => [digest, { mediaType, digest, size }]));
    for (const digest of fresh.keys()) if (this.#blobs.has(digest)) fresh.delete(digest);
    const size = [...fresh.values()].reduce((sum, blob) => sum + blob.size, 0);
    if (this.#bytes + size > this.#maxSize) {
      this.#left++;
      return false;
    }
    this.#bytes += size;
    for (const [digest, blob] of fresh) this.#blobs.set(digest, blob);
    return true;
  }

  #has({ digest, size }: Pick<Descriptor, "digest" | "size">): boolean {
    return statSync(this.#path({ digest }), { throwIfNoEntry: false })?.size === size;
  }

  #path({ digest }: Pick<Descriptor, "digest">): string {
    return join(this.#folder, hexOf(digest));
  }
}

function describe(mediaType: string, data: Buffer): Descriptor {
  return { mediaType, digest: sha256(data), size: data.length };
}

/** What is not in the bundle goes from its directory: one that is something else must not be taken for one. */
function checkDirectory(directory: string): void {
  if (!existsSync(directory) || readdirSync(directory).length === 0) return;
  const index = join(directory, "index.json");
  let tags: readonly unknown[] | undefined;
  try {
    const { manifests } = JSON.parse(readFileSync(index, "utf8")) as {
      manifests: readonly { annotations: object }[];
    };
    tags = manifests.map(({ annotations }) => Object.values(annotations)[0]);
  } catch {
    tags = undefined;
  }
  if (tags?.every((tag) => tag === BUNDLE_TAG) === true) return;
  // One that was begun and not finished has no index yet.
  if (!existsSync(index) && readdirSync(directory).every((name) => name === "blobs")) return;
  throw new TsbuildError("USAGE", `Cannot save the cache to "${directory}": it holds something else`, {
    hint: "name a new or empty directory, or one that tsbuild cache save made",
  });
}
