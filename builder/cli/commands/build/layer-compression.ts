import { TsbuildError } from "../../../core/errors.ts";
import type { LayerForm } from "../../../outputs/form.ts";

const COMPRESSIONS = ["gzip", "zstd", "uncompressed", "estargz"] as const;
/** zlib's and zstd's own levels. */
const LEVELS = { gzip: [0, 9], zstd: [1, 22] } as const;

/** Attributes of one --output or --cache-to, or flags. */
export interface CompressionAttributes {
  take(key: string): string | undefined;
  flag(key: string): boolean | undefined;
  oneOf<T extends string>(key: string, values: readonly T[]): T | undefined;
  error(state: string, hint?: string): TsbuildError;
}

/** How layers are compressed: the attributes that BuildKit's image and cache exporters share. */
export function layerCompression(attributes: CompressionAttributes): Omit<LayerForm, "format"> {
  const compression = attributes.oneOf("compression", COMPRESSIONS);
  if (compression === "estargz") {
    throw new TsbuildError("UNSUPPORTED", "Cannot compress with estargz: tsbuild does not make such layers", {
      hint: "use compression=zstd, or gzip",
    });
  }
  const level = levelOf(attributes, compression ?? "gzip");
  return {
    ...(compression === undefined ? {} : { compression }),
    ...(level === undefined ? {} : { level }),
    force: attributes.flag("force-compression") ?? false,
  };
}

function levelOf(
  attributes: CompressionAttributes,
  compression: "gzip" | "zstd" | "uncompressed",
): number | undefined {
  const text = attributes.take("compression-level");
  if (text === undefined) return undefined;
  if (compression === "uncompressed") throw attributes.error("what is not compressed has no level");
  const [least, most] = LEVELS[compression];
  const level = /^\d{1,2}$/.test(text) ? Number(text) : -1;
  if (level >= least && level <= most) return level;
  throw attributes.error(
    `compression-level=${text} is no level of ${compression}`,
    `it has ${least} to ${most}`,
  );
}
