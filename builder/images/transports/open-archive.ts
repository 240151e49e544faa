import { createReadStream, existsSync } from "node:fs";
import { TsbuildError } from "../../core/errors.ts";
import { parseManifestOrIndex } from "../../image/manifest.ts";
import type { Store } from "../../store/types.ts";
import { ArchiveFiles } from "./archive-files.ts";
import { dockerImageIds, readDockerArchive } from "./read-docker-archive.ts";
import { readLayout } from "./read-layout.ts";
import type { NamedTree } from "./types.ts";

const READ_SIZE = 1 << 20;

/** An archive file of this machine. */
export async function readArchiveFile(store: Store, path: string): Promise<readonly NamedTree[]> {
  if (!existsSync(path)) {
    throw new TsbuildError("IMAGE_NOT_FOUND", `Cannot read archive "${path}": there is no such file`);
  }
  return readArchive(store, createReadStream(path, { highWaterMark: READ_SIZE }), `archive "${path}"`);
}

/** The images of an archive of docker's or the OCI's kind, compressed or not. */
export async function readArchive(
  store: Store,
  source: AsyncIterable<Uint8Array>,
  label: string,
): Promise<readonly NamedTree[]> {
  const files = await ArchiveFiles.open(store, source, label);
  const isLayout = files.size("oci-layout") !== undefined && files.size("index.json") !== undefined;
  const isDocker = files.size("manifest.json") !== undefined;
  if (isLayout) {
    const trees = readLayout(files);
    if (isDocker) refuseTwoTales(files, trees);
    return trees;
  }
  if (isDocker) return readDockerArchive(files);
  if (files.size("repositories") !== undefined) {
    throw new TsbuildError("UNSUPPORTED", `Cannot read ${label}: it is from a docker before 1.10`, {
      hint: "load it into a newer docker, and save it again",
    });
  }
  throw new TsbuildError("ARCHIVE_INVALID", `Cannot read ${label}: it has no image in it`, {
    hint: "an image archive has manifest.json, or oci-layout and index.json; a root filesystem becomes an image by FROM scratch and ADD",
  });
}

/** docker since 25 writes both descriptions; where they tell of other images, each tool would load its own. */
function refuseTwoTales(files: ArchiveFiles, trees: readonly NamedTree[]): void {
  const ids = new Set(
    trees.flatMap(({ tree }) =>
      [tree.top, ...tree.children].flatMap(({ raw, descriptor }) => {
        const document = parseManifestOrIndex(raw, descriptor.mediaType);
        return "config" in document ? [document.config.digest] : [];
      }),
    ),
  );
  const other = dockerImageIds(files).find((id) => !ids.has(id));
  if (other === undefined) return;
  throw new TsbuildError(
    "ARCHIVE_INVALID",
    `Cannot read ${files.label}: its manifest.json tells of an image ${other} that its index.json does not have`,
  );
}
