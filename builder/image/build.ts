import { printable } from "../core/bytes.ts";
import { TsbuildError } from "../core/errors.ts";
import type { DiffId } from "../core/digest.ts";
import type { Platform } from "../core/platform.ts";
import { layerMediaType } from "./layer-types.ts";
import {
  MEDIA_TYPES,
  type Descriptor,
  type HistoryEntry,
  type ImageFormat,
  type RunConfig,
} from "./types.ts";

export interface ConfigParts {
  readonly platform: Platform;
  /** RFC 3339. */
  readonly created: string;
  readonly author?: string;
  readonly config: RunConfig;
  readonly diffIds: readonly DiffId[];
  readonly history: readonly HistoryEntry[];
  /** Cache records for whoever builds from this image. */
  readonly inlineCache?: object;
}

export interface ManifestParts {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly format: ImageFormat;
}

export interface IndexParts {
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly format: ImageFormat;
}

/** The member of an image's config that holds its cache. Readers pass over members that they do not know. */
export const INLINE_CACHE = "tsbuild.cache.v1";

/** The bytes of an image config; equal parts give equal bytes. The keys stand in the order in which docker writes them. */
export function buildConfig(parts: ConfigParts): Buffer {
  const { platform } = parts;
  return bytes({
    architecture: platform.architecture,
    author: parts.author,
    config: orderedRunConfig(parts.config),
    created: parts.created,
    history: parts.history.map((entry) => ({
      created: entry.created,
      created_by: entry.created_by,
      author: entry.author,
      comment: entry.comment,
      empty_layer: entry.empty_layer === true ? true : undefined,
    })),
    os: platform.os,
    "os.version": platform.osVersion,
    rootfs: { type: "layers", diff_ids: parts.diffIds },
    [INLINE_CACHE]: parts.inlineCache,
    variant: platform.variant,
  });
}

/** The bytes of a manifest. Media types of layers are translated to the format's. */
export function buildManifest(parts: ManifestParts): Buffer {
  const docker = parts.format === "docker";
  return bytes(
    {
      schemaVersion: 2,
      mediaType: docker ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest,
      config: descriptor({
        ...parts.config,
        mediaType: docker ? MEDIA_TYPES.dockerConfig : MEDIA_TYPES.ociConfig,
      }),
      layers: parts.layers.map((layer) =>
        descriptor({ ...layer, mediaType: layerType(layer.mediaType, parts.format) }),
      ),
      annotations: sortedMap(parts.annotations),
    },
    2,
  );
}

/** The bytes of an OCI manifest of what is no image (OCI image-spec, manifest.md#guidelines-for-artifact-usage). */
export function buildArtifact(config: Descriptor, layers: readonly Descriptor[]): Buffer {
  const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, artifactType: config.mediaType };
  return bytes({ ...document, config: descriptor(config), layers: layers.map(descriptor) }, 2);
}

/** The bytes of an index of several images. */
export function buildIndex(parts: IndexParts): Buffer {
  return bytes(
    {
      schemaVersion: 2,
      mediaType: parts.format === "docker" ? MEDIA_TYPES.dockerIndex : MEDIA_TYPES.ociIndex,
      manifests: parts.manifests.map(descriptor),
      annotations: sortedMap(parts.annotations),
    },
    2,
  );
}

function layerType(mediaType: string, format: ImageFormat): string {
  const type = layerMediaType(mediaType, format);
  if (type !== undefined) return type;
  throw new TsbuildError(
    "UNSUPPORTED",
    `Cannot write the image in docker's format: it has a layer of type ${printable(mediaType)}`,
    { hint: "use the OCI format, or compress with gzip" },
  );
}

function descriptor(from: Descriptor): object {
  const { platform } = from;
  return {
    mediaType: from.mediaType,
    digest: from.digest,
    size: from.size,
    annotations: sortedMap(from.annotations),
    platform: platform && {
      architecture: platform.architecture,
      os: platform.os,
      "os.version": platform.osVersion,
      variant: platform.variant,
    },
  };
}

/** In the order of docker's struct; what is empty is left out, as BuildKit does. */
function orderedRunConfig(config: RunConfig): object {
  return {
    User: config.User || undefined,
    ExposedPorts: sortedMap(config.ExposedPorts),
    Env: filled(config.Env),
    Entrypoint: filled(config.Entrypoint),
    Cmd: filled(config.Cmd),
    Healthcheck: config.Healthcheck && {
      Test: config.Healthcheck.Test,
      Interval: config.Healthcheck.Interval,
      Timeout: config.Healthcheck.Timeout,
      StartPeriod: config.Healthcheck.StartPeriod,
      StartInterval: config.Healthcheck.StartInterval,
      Retries: config.Healthcheck.Retries,
    },
    ArgsEscaped: config.ArgsEscaped === true ? true : undefined,
    Volumes: sortedMap(config.Volumes),
    WorkingDir: config.WorkingDir || undefined,
    OnBuild: filled(config.OnBuild),
    Labels: sortedMap(config.Labels),
    StopSignal: config.StopSignal || undefined,
    Shell: filled(config.Shell),
  };
}

function filled<T>(list: readonly T[] | null | undefined): readonly T[] | undefined {
  return list && list.length > 0 ? list : undefined;
}

/** As Go writes maps. Without a prototype, so that a label named `__proto__` is a label. */
function sortedMap<T>(map: Readonly<Record<string, T>> | undefined): object | undefined {
  const keys = Object.keys(map ?? {}).sort();
  if (map === undefined || keys.length === 0) return undefined;
  const sorted = Object.create(null) as Record<string, T | undefined>;
  for (const key of keys) sorted[key] = map[key];
  return sorted;
}

function bytes(document: object, indent?: number): Buffer {
  return Buffer.from(JSON.stringify(document, undefined, indent));
}
