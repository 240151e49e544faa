import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hexOf, sha256, type Digest } from "../../core/digest.ts";
import { messageOf, TsbuildError } from "../../core/errors.ts";
import { parseManifestOrIndex } from "../../image/manifest.ts";
import { layoutDirectory } from "../../outputs/layout-directory.ts";
import type { ImageTree } from "../../outputs/image-tree.ts";
import { directoryFiles } from "./directory-files.ts";
import { readDocument } from "./file-blob.ts";
import { readTree } from "./read-tree.ts";

const MANIFEST = "manifest.json";
const VERSION = "version";
/** What skopeo writes and looks for before it writes over a directory (containers/image, directory/directory_dest.go). */
const VERSION_TEXT = "Directory Transport Version: 1.1\n";
/** Blobs, manifests of an index, signatures: what one image in such a directory is made of. */
const OWN = /^(?:[0-9a-f]{64}|[0-9a-f]{64}\.manifest\.json|(?:[0-9a-f]{64}\.)?signature-[0-9]{1,6})$/;

/** The image in a directory of skopeo's dir: transport. */
export function readImageDirectory(path: string): ImageTree {
  const files = directoryFiles(path, "image directory");
  const raw = readDocument(files, MANIFEST);
  const { mediaType, digest } = parseManifestOrIndex(raw);
  return readTree(
    files,
    { mediaType, digest, size: raw.length },
    { document: (one) => (one.digest === digest ? MANIFEST : childName(one)), blob: hexName },
  );
}

/** Writes one image into a directory of its own; what another image left there goes when this one is there. */
export async function writeImageDirectory(path: string, { top, children, blobs }: ImageTree): Promise<void> {
  refuseOthers(path);
  const writer = layoutDirectory(path);
  // First: a copy that was broken off can be made again.
  writer.document(VERSION, Buffer.from(VERSION_TEXT));
  for (const blob of blobs) await writer.blob(hexName(blob.descriptor), blob);
  for (const { raw } of children) writer.document(childName({ digest: sha256(raw) }), raw);
  writer.document(MANIFEST, top.raw);
  await writer.finish();
  const kept = new Set([
    ...blobs.map(({ descriptor }) => hexName(descriptor)),
    ...children.map(({ descriptor }) => childName(descriptor)),
  ]);
  for (const name of readdirSync(path))
    if (OWN.test(name) && !kept.has(name)) rmSync(join(path, name), { force: true });
}

/** As skopeo: a directory with anything else in it is not written to. */
function refuseOthers(path: string): void {
  const refuse = (state: string, cause?: unknown): TsbuildError =>
    new TsbuildError("USAGE", `Cannot write the image directory "${path}": ${state}`, {
      cause,
      hint: "name a directory that is not there yet, or one that dir: wrote",
    });
  let names: readonly string[];
  try {
    names = existsSync(path) ? readdirSync(path) : [];
  } catch (cause) {
    throw refuse(messageOf(cause), cause);
  }
  if (names.length > 0 && !names.includes(VERSION)) throw refuse("there are other files in it");
}

function childName({ digest }: { readonly digest: Digest }): string {
  return `${hexOf(digest)}.${MANIFEST}`;
}

function hexName({ digest }: { readonly digest: Digest }): string {
  return hexOf(digest);
}
