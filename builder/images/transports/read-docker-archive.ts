import { closeSync, openSync, readSync } from "node:fs";
import { sha256, type Digest } from "../../core/digest.ts";
import { duplicateKey } from "../../core/duplicate-key.ts";
import { TsbuildError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { buildManifest } from "../../image/build.ts";
import { parseImageConfig } from "../../image/config.ts";
import { Fields } from "../../image/fields.ts";
import { formatReference, parseReference } from "../../image/reference.ts";
import { MEDIA_TYPES } from "../../image/types.ts";
import { detectCompression } from "../../layers/decompress.ts";
import type { TreeBlob } from "../../outputs/image-tree.ts";
import { fileBlob, readDocument, sizeOf } from "./file-blob.ts";
import type { ArchiveFiles } from "./archive-files.ts";
import type { NamedTree } from "./types.ts";

const LAYER_TYPES: Readonly<Record<string, string>> = {
  none: MEDIA_TYPES.ociLayer,
  gzip: MEDIA_TYPES.ociLayerGzip,
  zstd: MEDIA_TYPES.ociLayerZstd,
};
/** Config files are named by their digest: `<hex>.json`, `blobs/sha256/<hex>`. */
const NAMED_BY_DIGEST = /^(?:blobs\/sha256\/)?([a-f0-9]{64})(?:\.json)?$/;

/** The images of `docker save` and `podman save`: manifest.json says what belongs together (moby image/tarexport). */
export function readDockerArchive(files: ArchiveFiles): readonly NamedTree[] {
  return dockerEntries(files).map((entry) => {
    const configPath = entry.string("Config");
    const raw = readDocument(files, configPath);
    const digest = sha256(raw);
    const named = NAMED_BY_DIGEST.exec(configPath)?.[1];
    if (named !== undefined && digest !== `sha256:${named}`) {
      throw new TsbuildError(
        "DIGEST_MISMATCH",
        `Cannot read ${files.label}: its config ${named} has the digest ${digest}`,
      );
    }
    const config = parseImageConfig(raw);
    const paths = entry.strings("Layers") ?? [];
    if (paths.length !== config.diffIds.length) {
      throw new TsbuildError(
        "IMAGE_INVALID",
        `Cannot read ${files.label}: image ${digest} has ${paths.length} layers, its config ${config.diffIds.length}`,
      );
    }
    const layers = paths.map((path) => layerBlob(files, path));
    const configBlob = fileBlob(files, configPath, {
      mediaType: MEDIA_TYPES.ociConfig,
      digest,
      size: raw.length,
    });
    const manifest = buildManifest({
      format: "oci",
      config: configBlob.descriptor,
      layers: layers.map(({ descriptor }) => descriptor),
    });
    const descriptor = {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: sha256(manifest),
      size: manifest.length,
    };
    const names = (entry.strings("RepoTags") ?? []).map((name) => formatReference(parseReference(name)));
    return {
      tree: { top: { raw: manifest, descriptor }, children: [], blobs: [...layers, configBlob] },
      names,
    };
  });
}

/** The image ids that manifest.json tells of. */
export function dockerImageIds(files: ArchiveFiles): readonly Digest[] {
  return dockerEntries(files).map((entry) => sha256(readDocument(files, entry.string("Config"))));
}

function dockerEntries(files: ArchiveFiles): readonly Fields[] {
  const what = `manifest.json of ${files.label}`;
  const raw = readDocument(files, "manifest.json");
  const entries = parseJson(raw, what);
  if (duplicateKey(raw.toString("utf8")) !== undefined) {
    throw new TsbuildError(
      "ARCHIVE_INVALID",
      `Cannot read ${what}: a key stands in it twice, so it is ambiguous`,
    );
  }
  if (Array.isArray(entries)) return entries.map((entry) => new Fields(entry, what));
  throw new TsbuildError("ARCHIVE_INVALID", `Cannot read ${what}: it is not a list of images`);
}

/** docker takes layers with and without compression, and no word of the archive says which. */
function layerBlob(files: ArchiveFiles, path: string): TreeBlob {
  const size = sizeOf(files, path);
  const compression = detectCompression(headOf(files.place(path)));
  const mediaType = LAYER_TYPES[compression];
  if (mediaType === undefined) {
    throw new TsbuildError(
      "UNSUPPORTED",
      `Cannot read ${files.label}: a layer is compressed with ${compression}`,
      {
        hint: "OCI images have gzip and zstd alone",
      },
    );
  }
  return fileBlob(files, path, { mediaType, digest: files.digest(path), size });
}

function headOf(path: string): Buffer {
  const head = Buffer.alloc(8);
  const file = openSync(path, "r");
  try {
    return head.subarray(0, readSync(file, head));
  } finally {
    closeSync(file);
  }
}
