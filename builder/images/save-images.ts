import { hostPlatform, type Platform } from "../core/platform.ts";
import { TsbuildError } from "../core/errors.ts";
import { compressionOf } from "../image/layer-types.ts";
import { parseManifest, parseManifestOrIndex } from "../image/manifest.ts";
import { imageFor } from "../image/select-platform.ts";
import { Archive } from "../outputs/archive.ts";
import type { ImageTree } from "../outputs/image-tree.ts";
import type { LayoutEntry } from "../outputs/layout.ts";
import { writeLayout } from "../outputs/layout.ts";
import { openSink, writeWhole } from "../outputs/sink.ts";
import type { Session } from "../session/session.ts";
import { parseReference } from "../image/reference.ts";
import { storedTree } from "./transports/stored-tree.ts";
import type { SaveOptions } from "../api/image-types.ts";

/** Writes images of the store, one after another, into one archive; one that has several names stands in it once. */
export async function saveImages(
  session: Session,
  references: readonly string[],
  options: SaveOptions,
): Promise<void> {
  const { dest, format, platforms = [] } = options;
  const isForAll = platforms.length > 1;
  if (format === "docker" && isForAll) {
    throw new TsbuildError(
      "USAGE",
      "Cannot save several platforms to a docker archive: it takes one of each image",
      {
        hint: "save an oci archive, or name one --platform",
      },
    );
  }
  const entries = new Map<string, LayoutEntry>();
  for (const text of references) {
    const { tree, name } = await storedTree(session, text, platforms, options, format === "docker");
    const { digest } = tree.top.descriptor;
    const before = entries.get(digest);
    // Under an id, or a digest, it was asked for without a name.
    const isNamed = !/^(sha256:)?[0-9a-f]{4,64}$/.test(text) && parseReference(name).digest === undefined;
    const names = new Set([...(before?.names ?? []), ...(isNamed ? [name] : [])]);
    const forDocker =
      format === "docker" ? tree.top.raw : isForAll ? oneForDocker(tree, platforms) : undefined;
    entries.set(digest, { tree, names: [...names], ...(forDocker && { forDocker }) });
  }
  await writeWhole(
    () => openSink(dest, session.stdout),
    (sink) => writeLayout(new Archive(sink), [...entries.values()]),
  );
}

/**
 * The image of an index that a docker takes which reads manifest.json alone: this machine's, or that of the platform that was
 * named first. Undefined where docker cannot unpack it.
 */
function oneForDocker({ top, children }: ImageTree, platforms: readonly Platform[]): Buffer | undefined {
  const index = parseManifestOrIndex(top.raw, top.descriptor.mediaType);
  if ("layers" in index) return undefined;
  const [best] = [hostPlatform(), ...platforms].flatMap((platform) => imageFor(index, platform) ?? []);
  const found = children.find(({ descriptor }) => descriptor.digest === best?.digest);
  const layers = found === undefined ? [] : parseManifest(found.raw).layers;
  return layers.some(({ mediaType }) => compressionOf(mediaType) === "zstd") ? undefined : found?.raw;
}
