import type { Tree } from "../../core/entry.ts";
import type { FoundPackage } from "../types.ts";
import { paragraphs, readFile } from "./read-file.ts";

/** Alpine 3.22 moved it. */
const DATABASES = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

/** Packages that apk has installed (https://wiki.alpinelinux.org/wiki/Apk_spec#Installed_Database_V2). */
export function apkPackages(tree: Tree): readonly FoundPackage[] {
  for (const path of DATABASES) {
    const data = readFile(tree, path);
    if (data === undefined) continue;
    return paragraphs(data.toString("utf8")).flatMap((fields) => {
      const name = fields.get("P");
      const version = fields.get("V");
      if (name === undefined || version === undefined) return [];
      const [architecture, license, supplier, source] = ["A", "L", "m", "o"].map((key) => fields.get(key));
      return [
        {
          kind: "apk" as const,
          name,
          version,
          ...(architecture === undefined ? {} : { architecture }),
          ...(license === undefined ? {} : { license }),
          ...(supplier === undefined ? {} : { supplier }),
          ...(source === undefined || source === name ? {} : { source }),
          path: `/${path}`,
        },
      ];
    });
  }
  return [];
}
