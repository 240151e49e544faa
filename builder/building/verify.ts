import { linkSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readImage, readImages } from "../inputs/base-images.ts";
import { compareImages } from "../compare/compare-images.ts";
import type { ComparedImage } from "../compare/types.ts";
import { hexOf, type Digest } from "../core/digest.ts";
import { errnoOf, TsbuildError } from "../core/errors.ts";
import { buildImage } from "./build-image.ts";
import { comparedImage, imageToCompare } from "../images/diff-images.ts";
import { MEDIA_TYPES, type Image } from "../image/types.ts";
import { Session, type SessionOptions } from "../session/session.ts";
import type { Store } from "../store/types.ts";
import type { BuildOptions, Comparison, VerifyOptions } from "../api/types.ts";

const SECOND = 1000;

/** Any name does: what a build has made is not fetched. */
const UNNAMED = "localhost/verified:latest";

/**
 * Builds twice and compares: as always, and then with nothing but the base images at hand. What the second build makes,
 * its cache mounts included, is in a store of its own, which goes when all is told.
 */
export async function verifyBuild(
  session: Session,
  opened: SessionOptions,
  { against, ...options }: VerifyOptions,
): Promise<Comparison> {
  if (options.context === "-" || options.dockerfile === "-") {
    throw new TsbuildError("USAGE", "Cannot verify a build from standard input: it can be read only once", {
      hint: "put it into a directory, and name that",
    });
  }
  const { platforms = [] } = options;
  if (platforms.length > 1) {
    throw new TsbuildError(
      "USAGE",
      "Cannot verify a build for several platforms: one image is compared with one",
      {
        hint: "verify each platform on its own",
      },
    );
  }
  const request: BuildOptions = { ...options, tags: [], outputs: [], load: false, push: false, cacheTo: [] };
  const first =
    against === undefined
      ? await builtIn(session, request, "the build with the cache")
      : await imageToCompare(session, against, {
          ...request,
          ...(platforms[0] && { platform: platforms[0] }),
        });
  // Programs mostly write down whole seconds: two builds in one second would hide it.
  await setTimeout(SECOND, undefined, { signal: request.signal });
  const root = session.store.tempPath("verify");
  opened.emit({ type: "notice", message: "building once more, without the cache" });
  try {
    await using other = new Session({ ...opened, env: { ...opened.env, TSBUILD_ROOT: root } });
    shareImages(session.store, other.store);
    // What another cache gives would not be made anew.
    const anew: BuildOptions = { ...request, pull: "missing", cacheFrom: [] };
    const second = await builtIn(other, anew, "the build without the cache");
    const difference = await compareImages(first, second, {
      by: "layers",
      explain: true,
      signal: request.signal,
    });
    return { a: first, b: second, difference };
  } finally {
    await (await session.helper()).remove([root]);
  }
}

async function builtIn(session: Session, options: BuildOptions, shown: string): Promise<ComparedImage> {
  const { digest } = await buildImage(session, options);
  const image = digest && readImage(session.store, { digest, mediaType: MEDIA_TYPES.ociManifest });
  if (image === undefined) throw new TsbuildError("INTERNAL", "Cannot find the image that was built");
  return comparedImage(session, { image, name: UNNAMED, shown }, options);
}

/** Base images need not be fetched again: their blobs get a second name, their documents are the same anyway. */
function shareImages(from: Store, to: Store): void {
  for (const { name, target } of from.refs.list()) {
    const images = readImages(from, target);
    if (images.length === 0) continue;
    shareBlob(from, to, target.digest);
    for (const image of images) shareImage(from, to, image);
    to.refs.set(name, target);
  }
}

function shareImage(from: Store, to: Store, { manifest, config }: Image): void {
  for (const { digest } of [manifest, manifest.config, ...manifest.layers]) shareBlob(from, to, digest);
  for (const diffId of config.diffIds) {
    shareFile(from.path("indexes", hexOf(diffId)), to.path("indexes", hexOf(diffId)));
    const record = from.layers.get(diffId);
    if (record !== undefined) to.layers.update(diffId, { compressed: record.compressed });
  }
}

function shareBlob(from: Store, to: Store, digest: Digest): void {
  shareFile(from.blobs.path(digest), to.blobs.path(digest));
}

function shareFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch (error) {
    // Of a base image that no step has read, only the documents are here.
    const code = errnoOf(error);
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  }
}
