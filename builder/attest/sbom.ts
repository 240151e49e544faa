import { sha256 } from "../core/digest.ts";
import type { Tree } from "../core/entry.ts";
import { declaredLicense } from "./licenses.ts";
import { apkPackages } from "./packages/apk.ts";
import { dpkgPackages } from "./packages/dpkg.ts";
import { npmPackages } from "./packages/npm.ts";
import { readFile } from "./packages/read-file.ts";
import { rpmPackages } from "./packages/rpm.ts";
import { imagePurl, packagePurl, type Distribution } from "./purl.ts";
import type { FoundPackage, Predicate } from "./types.ts";

export interface SbomInput {
  /** The first of the image's names. */
  readonly name: string | undefined;
  readonly version: string;
  /** RFC 3339, in whole seconds. */
  readonly created: string;
  readonly notice: (message: string) => void;
}

const DOCUMENT = "SPDXRef-DOCUMENT";
const IMAGE = "SPDXRef-Image";
/** Longer is no name. */
const MAX_SUPPLIER = 300;
const SOURCES = { deb: "dpkg's", apk: "apk's", rpm: "rpm's", npm: "an npm" };

/** The packages of an image, as a document of SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3). Equal images give equal documents. */
export function sbom(tree: Tree, { name, version, created, notice }: SbomInput): Predicate {
  const distribution = distributionOf(tree);
  const found = [
    ...dpkgPackages(tree),
    ...apkPackages(tree),
    ...rpmPackages(tree, notice),
    ...npmPackages(tree),
  ].filter((one) => oneLine(one.name) !== "");
  const packages = unique(found.map((one) => spdxPackage(one, distribution)));
  const image = {
    name: name ?? "image",
    SPDXID: IMAGE,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: "NOASSERTION",
    copyrightText: "NOASSERTION",
    primaryPackagePurpose: "CONTAINER",
    ...(name === undefined ? {} : { externalRefs: [purlReference(imagePurl(name))] }),
  };
  const content = {
    packages: [image, ...packages],
    relationships: [
      relation(DOCUMENT, "DESCRIBES", IMAGE),
      ...packages.map(({ SPDXID }) => relation(IMAGE, "CONTAINS", SPDXID)),
    ],
  };
  const namespace = sha256(JSON.stringify([created, content])).slice("sha256:".length);
  return {
    predicateType: "https://spdx.dev/Document",
    predicate: {
      spdxVersion: "SPDX-2.3",
      dataLicense: "CC0-1.0",
      SPDXID: DOCUMENT,
      name: name ?? "image",
      documentNamespace: `https://spdx.org/spdxdocs/tsbuild-${namespace}`,
      creationInfo: { created, creators: [`Tool: tsbuild-${version}`] },
      ...content,
    },
  };
}

function spdxPackage(
  found: FoundPackage,
  distribution: Distribution | undefined,
): { readonly SPDXID: string } {
  const purl = packagePurl(found, distribution);
  const id = sha256(`${purl}\n${found.path}`).slice("sha256:".length, "sha256:".length + 16);
  return {
    name: oneLine(found.name),
    SPDXID: `SPDXRef-Package-${found.kind}-${found.name.replace(/[^A-Za-z0-9.-]+/g, "-")}-${id}`,
    ...(oneLine(found.version) !== "" && { versionInfo: oneLine(found.version) }),
    supplier: supplierOf(found.supplier),
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    sourceInfo: `found in ${SOURCES[found.kind]} ${found.kind === "npm" ? "package's manifest" : "database"}: ${found.path}`,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: declaredLicense(found.license),
    copyrightText: "NOASSERTION",
    externalRefs: [purlReference(purl)],
  } as { readonly SPDXID: string };
}

function relation(spdxElementId: string, relationshipType: string, relatedSpdxElement: string): object {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}

function purlReference(referenceLocator: string): object {
  return { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator };
}

/** Texts of SPDX that are no prose have one line; what a database says may have anything. */
function oneLine(text: string): string {
  return Buffer.from(text)
    .toString()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
}

/** `Name <mail>` is how dpkg and apk write a person or a team. */
function supplierOf(supplier: string | undefined): string {
  const text = oneLine(supplier?.slice(0, MAX_SUPPLIER) ?? "");
  const [, name, mail] = /^([^<]*[^<\s])\s*<([^>]+)>$/.exec(text) ?? [];
  if (name !== undefined) return `Person: ${name} (${mail})`;
  return text === "" ? "NOASSERTION" : `Organization: ${text}`;
}

function unique<T extends { readonly SPDXID: string }>(packages: readonly T[]): readonly T[] {
  const byId = new Map(packages.map((one) => [one.SPDXID, one]));
  return [...byId.values()].toSorted((a, b) => (a.SPDXID < b.SPDXID ? -1 : 1));
}

/** os-release(5) */
function distributionOf(tree: Tree): Distribution | undefined {
  const text = (readFile(tree, "etc/os-release") ?? readFile(tree, "usr/lib/os-release"))?.toString("utf8");
  const value = (key: string): string | undefined =>
    new RegExp(`^${key}=["']?([^"'\\n]*)["']?$`, "m").exec(text ?? "")?.[1];
  const id = value("ID");
  return id === undefined ? undefined : { id, version: value("VERSION_ID") ?? "" };
}
