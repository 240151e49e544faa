import { sha256, type Digest } from "../../core/digest.ts";
import type { Emit } from "../../core/events.ts";
import { TsbuildError } from "../../core/errors.ts";
import { buildManifest } from "../../image/build.ts";
import { compressionOf, layerMediaType } from "../../image/layer-types.ts";
import { parseManifestOrIndex } from "../../image/manifest.ts";
import {
  MEDIA_TYPES,
  type Descriptor,
  type ImageFormat,
  type Index,
  type Manifest,
} from "../../image/types.ts";
import { withLayers } from "../../image/with-layers.ts";
import { withManifests } from "../../image/with-manifests.ts";
import type { ImageTree, TreeBlob, TreeDocument } from "../../outputs/image-tree.ts";
import type { ConvertLayer } from "./convert-layer.ts";
import { leftOutText, type LeftOut } from "./left-out.ts";
import { readDiffIds } from "./read-diff-ids.ts";
import type { Conversion } from "../../api/image-types.ts";

/** BuildKit's mark on what it states of an image beside it in the index (docs/attestations/attestation-storage.md). */
const ABOUT = "vnd.docker.reference.digest";
const CONFIGS: ReadonlySet<string> = new Set([MEDIA_TYPES.ociConfig, MEDIA_TYPES.dockerConfig]);

/** Makes another form of all images of a tree: their configs stay, and so does every document that nothing changes in. */
export async function convertTree(
  tree: ImageTree,
  conversion: Conversion,
  convertLayer: ConvertLayer,
  emit: Emit,
): Promise<ImageTree> {
  const converter = new Converter(tree, conversion, convertLayer);
  const top = await converter.convert(tree.top);
  if (top === undefined) {
    throw new TsbuildError("UNSUPPORTED", "Cannot convert it to docker's format: it is no image", {
      hint: "leave --format out",
    });
  }
  if (converter.isStripped)
    emit({ type: "notice", message: "left out: annotations, which docker's format does not have" });
  const left = leftOutText(converter.leftOut);
  if (left !== "") emit({ type: "notice", message: `left out of the index: ${left}` });
  const children = [...converter.documents.values()].filter((one) => one !== top);
  return { top, children, blobs: [...converter.blobs.values()] };
}

class Converter {
  /** What was made, by its digest, what is named before what names it. */
  readonly documents = new Map<Digest, TreeDocument>();
  readonly blobs = new Map<Digest, TreeBlob>();
  /** Why manifests of an index are not in the new one, for each of them. */
  readonly leftOut: LeftOut[] = [];
  /** Annotations are not there any more. */
  isStripped = false;
  readonly #sources: ReadonlyMap<Digest, TreeDocument>;
  readonly #given: ReadonlyMap<Digest, TreeBlob>;
  readonly #conversion: Conversion;
  readonly #convertLayer: ConvertLayer;

  constructor(tree: ImageTree, conversion: Conversion, convertLayer: ConvertLayer) {
    this.#sources = new Map(tree.children.map((one) => [one.descriptor.digest, one]));
    this.#given = new Map(tree.blobs.map((blob) => [blob.descriptor.digest, blob]));
    this.#conversion = conversion;
    this.#convertLayer = convertLayer;
  }

  /** The document in its new form; undefined for what the format cannot have. */
  async convert(source: TreeDocument): Promise<TreeDocument | undefined> {
    const document = parseManifestOrIndex(source.raw, source.descriptor.mediaType);
    const made =
      "layers" in document
        ? await this.#convertManifest(document, source)
        : await this.#convertIndex(document, source);
    if (made !== undefined) this.documents.set(made.descriptor.digest, made);
    return made;
  }

  async #convertManifest(manifest: Manifest, source: TreeDocument): Promise<TreeDocument | undefined> {
    const own: ImageFormat = manifest.mediaType === MEDIA_TYPES.dockerManifest ? "docker" : "oci";
    // docker's has no name for zstd.
    const format = this.#conversion.format ?? (this.#conversion.compression === "zstd" ? "oci" : own);
    if (!isImage(manifest)) {
      if (format === "docker") return undefined;
      for (const { digest } of [manifest.config, ...manifest.layers]) this.#keep(this.#blob(digest));
      return source;
    }
    const config = this.#blob(manifest.config.digest);
    const diffIds = await readDiffIds(config, manifest.layers.length);
    const layers = await Promise.all(
      manifest.layers.map((layer, index) =>
        this.#convertLayer(
          this.#blob(layer.digest),
          compressionIn(layer, format, this.#conversion),
          diffIds[index],
        ),
      ),
    );
    for (const blob of [...layers, config]) this.#keep(blob);
    const isSame =
      format === own &&
      layers.every(({ descriptor: { digest } }, at) => digest === manifest.layers[at]?.digest);
    if (isSame) return source;
    if (format === "docker" && Object.keys(manifest.annotations).length > 0) this.isStripped = true;
    const descriptors = layers.map(({ descriptor }) => descriptor);
    const raw =
      format === own
        ? withLayers(manifest, descriptors)
        : buildManifest({
            format,
            config: manifest.config,
            layers: descriptors,
            ...(format === "oci" && { annotations: manifest.annotations }),
          });
    const mediaType = format === "docker" ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
    return described(source, raw, mediaType);
  }

  async #convertIndex(index: Index, source: TreeDocument): Promise<TreeDocument> {
    const made = new Map<Digest, TreeDocument | undefined>();
    for (const { digest } of index.manifests) {
      const child = this.#sources.get(digest);
      if (child !== undefined && !made.has(digest)) made.set(digest, await this.convert(child));
    }
    const isChanged = (digest: string | undefined): boolean =>
      index.manifests.some(
        (one) => one.digest === digest && made.get(one.digest)?.descriptor.digest !== digest,
      );
    const kept = index.manifests.map((one) => {
      const child = made.get(one.digest);
      // What is stated of an image names its digest.
      return child !== undefined && !isChanged(one.annotations?.[ABOUT]) ? child.descriptor : undefined;
    });
    for (const [at, { digest }] of index.manifests.entries())
      if (kept[at] === undefined)
        this.leftOut.push(
          made.has(digest) ? (made.get(digest) === undefined ? "artifact" : "statement") : "absent",
        );
    const own: ImageFormat = index.mediaType === MEDIA_TYPES.dockerIndex ? "docker" : "oci";
    const isOci = kept.some((one) => one?.mediaType === MEDIA_TYPES.ociManifest);
    const format = this.#conversion.format ?? (isOci ? "oci" : own);
    if (format === own && kept.every((one, at) => one?.digest === index.manifests[at]?.digest)) return source;
    if (format === "docker" && Object.keys(index.annotations).length > 0) this.isStripped = true;
    const mediaType = format === "docker" ? MEDIA_TYPES.dockerIndex : MEDIA_TYPES.ociIndex;
    return described(source, withManifests(index, kept, format), mediaType);
  }

  #blob(digest: Digest): TreeBlob {
    const blob = this.#given.get(digest);
    if (blob !== undefined) return blob;
    throw new TsbuildError("IMAGE_INVALID", `Cannot convert the image: its blob ${digest} is missing`);
  }

  #keep(blob: TreeBlob): void {
    this.blobs.set(blob.descriptor.digest, blob);
  }
}

/** An artifact's layers are no layers (OCI image-spec, manifest.md#guidelines-for-artifact-usage). */
function isImage({ config, layers }: Manifest): boolean {
  return (
    CONFIGS.has(config.mediaType) && layers.every(({ mediaType }) => compressionOf(mediaType) !== undefined)
  );
}

function compressionIn(
  { mediaType }: Descriptor,
  format: ImageFormat,
  { compression }: Conversion,
): NonNullable<Conversion["compression"]> | undefined {
  return compression ?? (layerMediaType(mediaType, format) === undefined ? "gzip" : undefined);
}

/** What is said of the document where it is named stays. */
function described({ descriptor }: TreeDocument, raw: Buffer, mediaType: string): TreeDocument {
  return { raw, descriptor: { ...descriptor, mediaType, digest: sha256(raw), size: raw.length } };
}
