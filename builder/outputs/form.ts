import type { Annotation } from "../image/annotations.ts";
import type { ImageFormat } from "../image/types.ts";
import { layerMediaType, compressionOf, type LayerCompression } from "../image/layer-types.ts";
import type { Layer } from "../layers/types.ts";

/** How an output writes layers. */
export interface LayerForm {
  /** Whose media types: oci-mediatypes. */
  readonly format: ImageFormat;
  /** Undefined: as the destination usually has them. */
  readonly compression?: LayerCompression;
  /** What gzip (0-9) or zstd (1-22) shall spend; a middle way when not given. */
  readonly level?: number;
  /** Layers that were pulled too, which else stay as they are. */
  readonly force: boolean;
}

/** How an output writes an image: the attributes of -o that BuildKit's image exporters share. */
export interface ImageForm extends LayerForm {
  readonly annotations: readonly Annotation[];
  /** Times of files are to be those of SOURCE_DATE_EPOCH, as they are where it is set: rewrite-timestamp. */
  readonly wantsEpoch?: true;
}

/** As the destination usually has images. */
export const USUAL_FORM: ImageForm = { format: "oci", force: false, annotations: [] };

/**
 * Whether a layer with this media type goes as it is: pulled ones do where nobody insists and the format can name them,
 * but for plain ones, which are mostly this store's own.
 */
export function goesAsItIs(mediaType: string, layer: Layer, form: LayerForm): boolean {
  const has = compressionOf(mediaType);
  if (has === (form.compression ?? "gzip")) return true;
  if (has === "uncompressed" || form.force || layer.origin?.() === undefined) return false;
  return layerMediaType(mediaType, form.format) !== undefined;
}
