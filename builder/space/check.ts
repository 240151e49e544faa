import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { readRecordFile } from "../cache/local.ts";
import { Hasher, hexOf, isDigest, type DiffId, type Digest } from "../core/digest.ts";
import { errnoOf } from "../core/errors.ts";
import { parseManifestOrIndex } from "../image/manifest.ts";
import { parseImageConfig } from "../image/config.ts";
import { parseIndex } from "../layers/index-file.ts";
import type { LayerIndex } from "../layers/types.ts";
import { namesIn } from "../store/names-in.ts";
import type { Store } from "../store/types.ts";
import { findDigests, findFile } from "./find.ts";
import type { Problem } from "./types.ts";

/** Compares a snapshot, or one that lies on another and has a part, with its layer's index: what is wrong, or undefined. */
export type CompareSnapshot = (
  path: string,
  index: LayerIndex,
  isPart: boolean,
) => Promise<string | undefined>;

/**
 * Looks at every blob, layer, snapshot, record and name. What a build would take for a miss (a record whose layer was
 * pruned) is no problem; what it would trip over, or trust wrongly, is.
 */
export async function findProblems(store: Store, compare: CompareSnapshot): Promise<Problem[]> {
  const problems: Problem[] = [];
  const broken = new Set<Digest>();
  for (const [digest, { path }] of findDigests<Digest>(join(store.root, "blobs/sha256"))) {
    const actual = digestOf(path);
    if (actual === undefined || actual === digest) continue;
    broken.add(digest);
    problems.push({ kind: "blob", id: hexOf(digest), problem: `its bytes have digest ${actual}` });
  }
  problems.push(...(await checkLayers(store, broken, compare)));
  for (const [key, { path }] of findDigests<Digest>(join(store.root, "records"))) {
    if (readRecordFile(path) === undefined && isThere(path))
      problems.push({ kind: "record", id: hexOf(key), problem: "it is torn, or damaged" });
  }
  return [...problems, ...checkRefs(store, broken)];
}

async function checkLayers(
  store: Store,
  broken: ReadonlySet<Digest>,
  compare: CompareSnapshot,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const indexes = new Map<DiffId, LayerIndex>();
  for (const [diffId, { path }] of findDigests<DiffId>(join(store.root, "indexes"))) {
    const bytes = readFile(path);
    const index = bytes && parseIndex(bytes);
    if (index !== undefined) indexes.set(diffId, index);
    else if (bytes !== undefined)
      problems.push({ kind: "index", id: hexOf(diffId), problem: "it is torn, or damaged" });
  }
  for (const [diffId, { path }] of findDigests<DiffId>(join(store.root, "layers"))) {
    const record = store.layers.peek(diffId);
    const tell = (kind: "layer" | "snapshot", problem: string, id = hexOf(diffId)): void =>
      void problems.push({ kind, id, problem, layer: diffId });
    if (record === undefined) {
      if (isThere(path)) tell("layer", "its record is torn, or damaged");
      continue;
    }
    const { snapshot, size } = record;
    const here = (digest: Digest): boolean => store.blobs.has(digest) && !broken.has(digest);
    const folder = snapshot === undefined ? undefined : join(store.root, "snapshots", snapshot);
    if (size !== undefined && here(diffId) && store.blobs.size(diffId) !== size)
      tell("layer", `its record has ${size} bytes, its blob ${store.blobs.size(diffId) ?? 0}`);
    if (folder !== undefined && snapshot !== undefined) {
      const index = indexes.get(diffId);
      const wrong = !isThere(folder)
        ? "it is not there"
        : index && (await compare(folder, index, record.on !== undefined));
      // Pruned while it was looked at: nobody finds it any more.
      if (wrong !== undefined && isThere(path)) tell("snapshot", wrong, snapshot);
      // Sealing it again would take the layers below, and give other bytes where they have changed: the step runs again.
      else if (record.compressed.length === 0 && !store.blobs.has(diffId) && isThere(path))
        tell("snapshot", "the blob of its layer is not there", snapshot);
    } else if (record.compressed.length === 0 && !here(diffId) && isThere(path)) {
      tell("layer", "neither its blob nor a snapshot is there");
    }
  }
  return problems;
}

function checkRefs(store: Store, broken: ReadonlySet<Digest>): Problem[] {
  const problems: Problem[] = [];
  const known = new Set(store.refs.list().map(({ name }) => name));
  for (const { name, target } of store.refs.list()) {
    const problem = problemOf(store, target.digest, broken);
    if (problem !== undefined && store.refs.get(name)?.digest === target.digest)
      problems.push({ kind: "name", id: name, problem });
  }
  const files = namesIn(join(store.root, "refs"));
  if (files.length !== known.size) {
    for (const file of files) {
      const bytes = readFile(join(store.root, "refs", file));
      if (bytes !== undefined && !isRef(bytes))
        problems.push({ kind: "ref", id: file, problem: "it is torn, or damaged" });
    }
  }
  return problems;
}

function isRef(bytes: Buffer): boolean {
  try {
    const { name, digest } = Object(JSON.parse(bytes.toString("utf8")));
    return typeof name === "string" && isDigest(digest);
  } catch {
    return false;
  }
}

/** What keeps an image from being used. Layers that its registry has need not be here. */
function problemOf(store: Store, digest: Digest, broken: ReadonlySet<Digest>): string | undefined {
  const missing = (what: string, one: Digest): string | undefined =>
    store.blobs.has(one) && !broken.has(one) ? undefined : `${what} ${one} is not there`;
  const absent = missing("its manifest", digest);
  if (absent !== undefined) return absent;
  try {
    const document = parseManifestOrIndex(store.blobs.read(digest));
    if (!("config" in document)) return undefined;
    const config = missing("its config", document.config.digest);
    if (config === undefined) parseImageConfig(store.blobs.read(document.config.digest));
    return config;
  } catch (error) {
    return error instanceof Error ? error.message : "it cannot be read";
  }
}

function digestOf(path: string): Digest | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const hasher = new Hasher();
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer))
      hasher.update(buffer.subarray(0, got));
    return hasher.digest();
  } finally {
    closeSync(fd);
  }
}

function isThere(path: string): boolean {
  return findFile(path) !== undefined;
}

function readFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
