import { existsSync, renameSync, utimesSync } from "node:fs";
import { createReadStream } from "node:fs";
import { dirname, join } from "node:path";
import { Hasher, hexOf, sha256, shortDigest, type DiffId } from "../core/digest.ts";
import { TsbuildError, messageOf } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { parseIndexDocument, parseManifest } from "../image/manifest.ts";
import type { Descriptor } from "../image/types.ts";
import { decompress } from "../layers/decompress.ts";
import { mountLock } from "../../runtime/mounts/cache-mounts.ts";
import { recordPath } from "./bundle-contents.ts";
import { parseBundle, type Bundle, type BundledMount } from "./bundle-document.ts";
import type { BundleReader } from "./bundle-file.ts";
import { CACHE_CONFIG_TYPE, type CacheLayer, type TravellingRecord } from "./document.ts";
import { openCache } from "./local.ts";
import { unpackMount } from "./mount-parts.ts";
import type { BundleTools } from "./save-bundle.ts";
import type { BundleReport, LocalCache } from "./types.ts";

/**
 * Takes what a bundle has and the store lacks. A bundle may come from anybody: every byte is checked against its digest
 * before it comes to stand for something, and a layer also against its DiffID. What is damaged is left out, with a warning.
 */
export async function restoreBundle(tools: BundleTools, reader: BundleReader): Promise<BundleReport> {
  const bundle = readBundle(reader);
  const restoring = new Restoring(tools, reader);
  for (const layer of bundle.layers) await restoring.addLayer(layer);
  for (const record of bundle.records) restoring.addRecord(record);
  for (const mount of bundle.mounts) await restoring.addMount(mount);
  return restoring.report();
}

function readBundle(reader: BundleReader): Bundle {
  const what = `the cache in "${reader.label}"`;
  const [top] = parseIndexDocument(reader.document("index.json")).manifests;
  if (top === undefined) throw new TsbuildError("IMAGE_INVALID", `Cannot read ${what}: its index is empty`);
  const checked = ({ digest }: Pick<Descriptor, "digest">): Buffer => {
    const raw = reader.document(`blobs/sha256/${hexOf(digest)}`);
    if (sha256(raw) === digest) return raw;
    throw new TsbuildError("DIGEST_MISMATCH", `Cannot read ${what}: ${digest} is damaged`);
  };
  const { config } = parseManifest(checked(top));
  if (config.mediaType === CACHE_CONFIG_TYPE) return parseBundle(checked(config), what);
  throw new TsbuildError("UNSUPPORTED", `Cannot read ${what}: tsbuild cache save did not make it`);
}

class Restoring {
  readonly #tools: BundleTools;
  readonly #reader: BundleReader;
  readonly #cache: LocalCache;
  readonly #here = new Set<DiffId>();
  #records = 0;
  #layers = 0;
  #mounts = 0;
  #bytes = 0;
  #moved = 0;
  #left = 0;

  constructor(tools: BundleTools, reader: BundleReader) {
    this.#tools = tools;
    this.#reader = reader;
    this.#cache = openCache(tools.store);
  }

  async addLayer({ diffId, blob }: CacheLayer): Promise<void> {
    if (blob === undefined) return;
    const { store } = this.#tools;
    await this.#attempt(`layer ${shortDigest(diffId)}`, async () => {
      this.#bytes += blob.size;
      if (!store.blobs.use(blob.digest)) {
        await this.#takeBlob(blob);
        this.#moved += blob.size;
        this.#layers++;
      }
      if (blob.digest === diffId) store.layers.update(diffId, { size: blob.size });
      else await this.#link(diffId, blob);
      this.#here.add(diffId);
    });
  }

  /** What this machine found out itself stays. */
  addRecord({ aliases, used, ...record }: TravellingRecord): void {
    const { store } = this.#tools;
    const local = this.#cache;
    if (!record.layers.every((diffId) => this.#here.has(diffId))) return void this.#left++;
    if (local.get(record.key) !== undefined) return;
    local.put(record);
    for (const alias of aliases) local.alias(alias, record.key);
    this.#records++;
    if (used === undefined) return;
    // The store tells what was used last by times of files.
    const time = Math.min(used, Date.now()) / 1000;
    for (const key of [record.key, ...aliases]) utimesSync(recordPath(store, key), time, time);
  }

  /** A cache mount that this machine has stays as it is: its files may be newer. */
  async addMount({ id, slot, parts }: BundledMount): Promise<void> {
    const { store, helper, signal } = this.#tools;
    const directory = join(store.root, "mounts", id, slot);
    using _ = await store.locks.acquire(mountLock(id, slot), { signal });
    if (existsSync(join(directory, "data"))) return;
    await this.#attempt(`cache mount ${id.slice(0, 12)}`, async () => {
      const made = store.tempPath("mount");
      const own = await helper();
      const checked = parts.map((part) => this.#verified(part));
      await unpackMount(
        own,
        made,
        checked.map(({ bytes }) => bytes),
      );
      if (!checked.every(({ isWhole }) => isWhole())) {
        await own.remove([made]);
        throw new TsbuildError("DIGEST_MISMATCH", "Cannot restore it: its content has another digest");
      }
      makeDirectory(dirname(directory), 0o700);
      renameSync(made, directory);
      this.#mounts++;
      const size = parts.reduce((sum, part) => sum + part.size, 0);
      this.#bytes += size;
      this.#moved += size;
    });
  }

  report(): BundleReport {
    return {
      records: this.#records,
      layers: this.#layers,
      mounts: this.#mounts,
      bytes: this.#bytes,
      moved: this.#moved,
      left: this.#left,
    };
  }

  async #takeBlob(blob: Descriptor): Promise<void> {
    const bytes = this.#open(blob);
    using writer = this.#tools.store.blobs.create();
    for await (const chunk of bytes) {
      this.#tools.signal.throwIfAborted();
      writer.write(chunk);
    }
    writer.commit(blob.digest);
  }

  /** A compressed form of a layer is believed to be one when it has been taken apart. */
  async #link(diffId: DiffId, blob: Descriptor): Promise<void> {
    const { store, signal } = this.#tools;
    const { mediaType, digest, size } = blob;
    if (store.layers.get(diffId)?.compressed.some((form) => form.digest === digest) === true) return;
    const hasher = new Hasher();
    for await (const chunk of decompress(
      createReadStream(store.blobs.path(digest), { highWaterMark: 1 << 20 }),
    )) {
      signal.throwIfAborted();
      hasher.update(chunk);
    }
    if (hasher.digest() !== diffId) {
      throw new TsbuildError("DIGEST_MISMATCH", `Cannot restore it: its content is ${hasher.digest()}`);
    }
    store.layers.update(diffId, { compressed: [{ mediaType, digest, size }] });
  }

  #verified(blob: Descriptor): { readonly bytes: AsyncIterable<Uint8Array>; isWhole(): boolean } {
    const hasher = new Hasher();
    const source = this.#open(blob);
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        hasher.update(chunk);
        yield chunk;
      }
    };
    return { bytes: bytes(), isWhole: () => hasher.digest() === blob.digest };
  }

  #open({ digest, size }: Descriptor): AsyncIterable<Uint8Array> {
    const bytes = this.#reader.blob(digest, size);
    if (bytes !== undefined) return bytes;
    throw new TsbuildError("IMAGE_NOT_FOUND", `Cannot restore it: ${digest} is not there with ${size} bytes`);
  }

  /** One thing that cannot be had does not keep the others away. */
  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    const { signal, emit } = this.#tools;
    try {
      signal.throwIfAborted();
      await work();
    } catch (error) {
      signal.throwIfAborted();
      if (
        !(error instanceof TsbuildError) ||
        error.code === "DISK_FULL" ||
        error.code === "STORE_UNWRITABLE"
      ) {
        throw error;
      }
      this.#left++;
      emit({ type: "warning", message: `${what} is not restored: ${messageOf(error)}` });
    }
  }
}
