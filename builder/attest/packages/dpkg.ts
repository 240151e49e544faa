import { bytesOf } from "../../core/bytes.ts";
import type { Tree } from "../../core/entry.ts";
import { joinPath } from "../../core/paths.ts";
import type { FoundPackage } from "../types.ts";
import { paragraphs, readFile } from "./read-file.ts";

const STATUS = "var/lib/dpkg/status";
/** Where distroless images have a file for each package. */
const STATUS_FOLDER = bytesOf("var/lib/dpkg/status.d");

/** Packages that dpkg has installed (deb-control(5), dpkg-query(1)). */
export function dpkgPackages(tree: Tree): readonly FoundPackage[] {
  const files = tree
    .list(STATUS_FOLDER)
    .filter((name) => !name.endsWith(".md5sums"))
    .map((name) => joinPath(STATUS_FOLDER, name));
  return [STATUS, ...files].flatMap((path) => {
    const text = readFile(tree, path)?.toString("utf8") ?? "";
    return paragraphs(text).flatMap((fields) => {
      const name = fields.get("Package");
      const version = fields.get("Version");
      const status = fields.get("Status") ?? "install ok installed";
      if (name === undefined || version === undefined || !status.endsWith(" installed")) return [];
      const [source] = fields.get("Source")?.split(" ") ?? [];
      const architecture = fields.get("Architecture");
      const supplier = fields.get("Maintainer");
      return [
        {
          kind: "deb" as const,
          name,
          version,
          ...(architecture === undefined ? {} : { architecture }),
          ...(supplier === undefined ? {} : { supplier }),
          ...(source === undefined || source === name ? {} : { source }),
          path: `/${path}`,
        },
      ];
    });
  });
}
