import type { Tree } from "../../core/entry.ts";
import { messageOf } from "../../core/errors.ts";
import type { FoundPackage } from "../types.ts";
import { readFile } from "./read-file.ts";
import { packageOfHeader } from "./rpm-header.ts";
import { tableRows } from "./sqlite.ts";

const FOLDERS = ["usr/lib/sysimage/rpm", "var/lib/rpm"];
/** Of rpm before 4.16, and of openSUSE. */
const OTHERS = ["Packages", "Packages.db"];

/** Packages that rpm has installed; `notice` is told of a database that is not read. */
export function rpmPackages(tree: Tree, notice: (message: string) => void): readonly FoundPackage[] {
  for (const folder of FOLDERS) {
    const path = `${folder}/rpmdb.sqlite`;
    const database = readFile(tree, path);
    if (database !== undefined) {
      try {
        return [...tableRows(database, "Packages")].flatMap(
          ([, header]) => (header && packageOfHeader(header, `/${path}`)) ?? [],
        );
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        notice(`The packages of rpm are not in the SBOM: /${path} cannot be read, ${messageOf(error)}`);
        return [];
      }
    }
    const other = OTHERS.find((name) => readFile(tree, `${folder}/${name}`) !== undefined);
    if (other !== undefined) {
      notice(
        `The packages of rpm are not in the SBOM: /${folder}/${other} is a database of Berkeley DB or ndb, which is not read`,
      );
    }
  }
  return [];
}
