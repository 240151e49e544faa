import type { Tree } from "../../core/entry.ts";
import { messageOf } from "../../core/errors.ts";
import type { FoundPackage } from "../types.ts";
import { berkeleyValues } from "./berkeley.ts";
import { ndbBlobs } from "./ndb.ts";
import { readFile } from "./read-file.ts";
import { packageOfHeader } from "./rpm-header.ts";
import { tableRows } from "./sqlite.ts";

const FOLDERS = ["usr/lib/sysimage/rpm", "var/lib/rpm"];
/** rpm's databases: of today, of openSUSE, and of rpm before 4.16. What is in them are headers of packages. */
const DATABASES: readonly (readonly [string, (database: Buffer) => Iterable<Buffer>])[] = [
  ["rpmdb.sqlite", sqliteHeaders],
  ["Packages.db", ndbBlobs],
  ["Packages", berkeleyValues],
];

/** Packages that rpm has installed; `notice` is told of a database that cannot be read. */
export function rpmPackages(tree: Tree, notice: (message: string) => void): readonly FoundPackage[] {
  for (const folder of FOLDERS) {
    for (const [name, headersOf] of DATABASES) {
      const path = `${folder}/${name}`;
      const database = readFile(tree, path);
      if (database === undefined) continue;
      try {
        return [...within(headersOf(database), database.length)].flatMap(
          (header) => packageOfHeader(header, `/${path}`) ?? [],
        );
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        notice(`The packages of rpm are not in the SBOM: /${path} cannot be read, ${messageOf(error)}`);
      }
    }
  }
  return [];
}

function* sqliteHeaders(database: Buffer): Generator<Buffer> {
  for (const [, header] of tableRows(database, "Packages")) if (header !== undefined) yield header;
}

/** Values that lie in one another would make a small file a large one. */
function* within(values: Iterable<Buffer>, size: number): Generator<Buffer> {
  let left = size;
  for (const value of values) {
    left -= value.length;
    if (left < 0) throw new RangeError("it says that it has more than it holds");
    yield value;
  }
}
