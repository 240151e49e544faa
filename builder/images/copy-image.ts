import type { Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { hostPlatform, type Platform } from "../core/platform.ts";
import { compressionOf } from "../image/layer-types.ts";
import {
  familiarName,
  formatReference,
  parseReference,
  withDefaultTag,
  type Reference,
} from "../image/reference.ts";
import { Archive } from "../outputs/archive.ts";
import type { ImageTree } from "../outputs/image-tree.ts";
import { layoutDirectory } from "../outputs/layout-directory.ts";
import { writeLayout } from "../outputs/layout.ts";
import { pushTree } from "../outputs/registry.ts";
import { openSink, writeWhole } from "../outputs/sink.ts";
import type { Session } from "../session/session.ts";
import { directoryFiles } from "./transports/directory-files.ts";
import { readImageDirectory, writeImageDirectory } from "./transports/dir-transport.ts";
import { narrow } from "./transports/narrow.ts";
import { readArchiveFile } from "./transports/open-archive.ts";
import { parsePlace, type Place } from "./transports/place.ts";
import { readLayout } from "./transports/read-layout.ts";
import { registryTree } from "./transports/registry-tree.ts";
import { writeToStore } from "./transports/store-target.ts";
import { storedTree } from "./transports/stored-tree.ts";
import type { NamedTree } from "./transports/types.ts";
import type { Conversion, CopyOptions } from "../api/image-types.ts";

/**
 * Brings an image from one place to another, byte for byte where no other form is asked for: this machine's or some
 * platforms', or with `all` whatever the name leads to.
 */
export async function copyImage(
  session: Session,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<{ readonly digest: Digest }> {
  const source = parsePlace(from);
  const target = parsePlace(to);
  const { all, platforms = [hostPlatform()] } = options;
  if (target.kind === "docker-archive" && (all || platforms.length > 1))
    throw new TsbuildError("USAGE", "Cannot copy several platforms to a docker archive: it takes one", {
      hint: "copy to oci-archive:, or name one --platform",
    });
  const wanted = all ? [] : platforms;
  const tree = narrow(await readFrom(session, source, wanted, options), wanted);
  const conversion = conversionFor(target, tree, options);
  if (conversion === undefined) {
    await writeTo(session, target, tree, options);
    return { digest: tree.top.descriptor.digest };
  }
  const converted = await convert(session, tree, conversion, options);
  await writeTo(session, target, converted, options);
  return { digest: converted.top.descriptor.digest };
}

/** Loaded where something is to be converted. */
async function convert(
  session: Session,
  tree: ImageTree,
  conversion: Conversion,
  { emit, signal }: CopyOptions,
): Promise<ImageTree> {
  const [{ convertTree }, { layerConverter }] = await Promise.all([
    import("./convert/convert-tree.ts"),
    import("./convert/convert-layer.ts"),
  ]);
  const phase = (state: "started" | "done" | "failed"): void =>
    emit({ type: "phase", name: "converting the image", state, time: Date.now() });
  phase("started");
  try {
    const layers = layerConverter(session, conversion.level, signal);
    const converted = await convertTree(tree, conversion, layers, emit);
    phase("done");
    return converted;
  } catch (error) {
    phase("failed");
    throw error;
  }
}

/** What is asked for, and what the destination asks for: `docker load` reads no zstd. */
function conversionFor(
  target: Place,
  { blobs }: ImageTree,
  { format, compression, level }: CopyOptions,
): Conversion | undefined {
  const isForDocker = target.kind === "docker-archive";
  if (compression === "zstd" && (isForDocker || format === "docker")) {
    throw new TsbuildError(
      "USAGE",
      `Cannot compress with zstd: ${isForDocker ? "docker load does not read it" : "docker's format has no name for it"}`,
      { hint: "write --compression gzip" },
    );
  }
  const hasZstd = blobs.some(({ descriptor }) => compressionOf(descriptor.mediaType) === "zstd");
  const wanted = compression ?? (isForDocker && hasZstd ? "uncompressed" : undefined);
  if (format === undefined && wanted === undefined) return undefined;
  return {
    ...(format && { format }),
    ...(wanted && { compression: wanted }),
    ...(level !== undefined && { level }),
  };
}

async function readFrom(
  session: Session,
  place: Place,
  platforms: readonly Platform[],
  options: CopyOptions,
): Promise<ImageTree> {
  switch (place.kind) {
    case "registry":
      try {
        return await registryTree(await session.registry(), place.reference, platforms, options.signal);
      } catch (cause) {
        throw storeMeant(session, place.reference, cause);
      }
    case "store":
      return (await storedTree(session, place.name, platforms, options, false)).tree;
    case "dir":
      return readImageDirectory(place.path);
    case "oci":
      return pick(readLayout(directoryFiles(place.path)), place);
    case "oci-archive":
    case "docker-archive":
      return pick(await readArchiveFile(session.store, place.path), place);
  }
}

/** A plain name is a registry's; docker's users may have meant the image that is here. */
function storeMeant(session: Session, reference: Reference, cause: unknown): unknown {
  const name = formatReference(withDefaultTag(reference));
  const fromRegistry = cause instanceof TsbuildError && /^(NETWORK$|REGISTRY_)/.test(cause.code);
  if (!fromRegistry || session.store.refs.get(name) === undefined) return cause;
  const hint = `the store has an image of this name: store:${familiarName(reference)}`;
  return new TsbuildError(cause.code, cause.message, { cause, hint });
}

/** The one image of several that a name picks. */
function pick(
  trees: readonly NamedTree[],
  { path, name }: Extract<Place, { readonly kind: "oci" | "oci-archive" | "docker-archive" }>,
): ImageTree {
  const fits = ({ names, tag }: NamedTree): boolean =>
    name === undefined || tag === name || names.some((full) => full === name || full === fullName(name));
  const [first, second] = trees.filter(fits);
  if (first !== undefined && second === undefined) return first.tree;
  const known = trees.flatMap(({ names, tag }) => (names.length > 0 ? names.map(shown) : (tag ?? [])));
  throw new TsbuildError(
    "IMAGE_NOT_FOUND",
    first === undefined
      ? `Cannot find ${name === undefined ? "an image" : `image "${name}"`} in "${path}"`
      : `Cannot choose an image of "${path}": it has ${trees.length}`,
    { hint: known.length === 0 ? undefined : `it has ${known.slice(0, 20).join(", ")}: write ${path}:NAME` },
  );
}

async function writeTo(
  session: Session,
  place: Place,
  tree: ImageTree,
  { emit, signal }: CopyOptions,
): Promise<void> {
  switch (place.kind) {
    case "registry": {
      const { reference } = place;
      const name = { names: [formatReference(reference)] as const, byDigest: false };
      if (reference.digest !== undefined && reference.digest !== tree.top.descriptor.digest) {
        throw new TsbuildError(
          "USAGE",
          `Cannot copy to ${familiarName(reference)}: the image has the digest ${tree.top.descriptor.digest}`,
        );
      }
      return pushTree(await session.registry(), session.slots, tree, name, { emit, signal });
    }
    case "store":
      await writeToStore(session.store, tree, [fullName(place.name)], "pulled", signal);
      return session.makeDurable();
    case "dir":
      return writeImageDirectory(place.path, tree);
    case "oci":
      return writeLayout(layoutDirectory(place.path), [{ tree, names: [], tag: place.name }]);
    case "oci-archive":
      return writeWhole(
        () => openSink(place.path, session.stdout),
        (sink) => writeLayout(new Archive(sink), [{ tree, names: [], tag: place.name }]),
      );
    case "docker-archive": {
      const names = place.name === undefined ? [] : [fullName(place.name)];
      return writeWhole(
        () => openSink(place.path, session.stdout),
        (sink) => writeLayout(new Archive(sink), [{ tree, names, forDocker: tree.top.raw }]),
      );
    }
  }
}

function fullName(name: string): string {
  return formatReference(withDefaultTag(parseReference(name)));
}

function shown(name: string): string {
  return familiarName(parseReference(name));
}
