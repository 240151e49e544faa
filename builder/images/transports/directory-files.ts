import { lstatSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { TsbuildError, messageOf } from "../../core/errors.ts";
import type { ImageFiles } from "./types.ts";

/** The files of an OCI layout's directory. Links in it are not followed: they could lead anywhere. */
export function directoryFiles(directory: string): ImageFiles {
  const root = resolve(directory);
  return {
    label: `OCI layout "${directory}"`,
    size(path) {
      const stat = lstatSync(join(root, path), { throwIfNoEntry: false });
      return stat?.isFile() ? stat.size : undefined;
    },
    read(path) {
      try {
        return readFileSync(join(root, path));
      } catch (cause) {
        throw new TsbuildError(
          "ARCHIVE_INVALID",
          `Cannot read OCI layout "${directory}": ${messageOf(cause)}`,
          {
            cause,
            hint: "name a directory with oci-layout, index.json and blobs/",
          },
        );
      }
    },
    digest: () => undefined,
    place: (path) => join(root, path),
  };
}
