import { lstatSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { TsbuildError, messageOf } from "../../core/errors.ts";
import type { ImageFiles } from "./types.ts";

const EXPECTED = {
  "OCI layout": "name a directory with oci-layout, index.json and blobs/",
  "image directory": "name a directory that skopeo or tsbuild wrote as dir:, with manifest.json",
} as const;

/** The files of an OCI layout's directory, or of skopeo's dir:. Links in it are not followed: they could lead anywhere. */
export function directoryFiles(directory: string, kind: keyof typeof EXPECTED = "OCI layout"): ImageFiles {
  const root = resolve(directory);
  const label = `${kind} "${directory}"`;
  return {
    label,
    size(path) {
      const stat = lstatSync(join(root, path), { throwIfNoEntry: false });
      return stat?.isFile() ? stat.size : undefined;
    },
    read(path) {
      try {
        return readFileSync(join(root, path));
      } catch (cause) {
        throw new TsbuildError("ARCHIVE_INVALID", `Cannot read ${label}: ${messageOf(cause)}`, {
          cause,
          hint: EXPECTED[kind],
        });
      }
    },
    digest: () => undefined,
    place: (path) => join(root, path),
  };
}
