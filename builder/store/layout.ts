import { join } from "node:path";
import { isDigest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { readRecord, readText, type Files } from "./files.ts";
import type { RefStore } from "./types.ts";

type List = RefStore["list"];

const VERSION = "1.0.0";

/**
 * Writes index.json and oci-layout (OCI image-spec, image-layout.md) from the refs. Nobody holds a lock: each writer
 * changes its ref first, then writes the index, then lists again until the list stands still. Whoever renames last
 * lists after that, so it sees every ref that was there before any other writer's last rename: the index ends equal to
 * the refs.
 */
export function writeLayout(files: Files, list: List): void {
  checkLayout(files.root);
  files.writeFile(files.path("oci-layout"), JSON.stringify({ imageLayoutVersion: VERSION }));
  for (let written = ""; ;) {
    const index = indexOf(list());
    if (index === written) return;
    files.writeFile(files.path("index.json"), index);
    written = index;
  }
}

function indexOf(refs: ReturnType<List>): string {
  const manifests = refs.map(({ name, target }) => ({
    mediaType: target.mediaType,
    digest: target.digest,
    size: target.size,
    ...(!isDigest(name) && {
      annotations: {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": familiarName(name),
      },
    }),
  }));
  const mediaType = "application/vnd.oci.image.index.v1+json";
  return `${JSON.stringify({ schemaVersion: 2, mediaType, manifests }, undefined, 2)}\n`;
}

/** The name as people write it: without docker.io/, library/ and :latest. */
function familiarName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/(?=[^/]*$))?/, "").replace(/:latest$/, "");
}

/** A directory that another program made and that says so is not to be written into. */
function checkLayout(root: string): void {
  const path = join(root, "oci-layout");
  if (readText(path) === undefined) return;
  const version = readRecord(path)?.["imageLayoutVersion"];
  if (version === undefined || version === VERSION) return;
  throw new TsbuildError(
    "STORE_INVALID",
    `Cannot use store "${root}": it is an image layout of version ${JSON.stringify(version)}`,
    { hint: "set TSBUILD_ROOT to another directory" },
  );
}
