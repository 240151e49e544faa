import { formatPlatform, type Platform } from "../core/platform.ts";
import { familiarName, parseReference } from "../image/reference.ts";
import type { FoundPackage } from "./types.ts";

/** An image as a package URL: `pkg:docker/debian@12?platform=linux%2Famd64` (BuildKit util/purl). */
export function imagePurl(name: string, platform?: Platform): string {
  const familiar = familiarName(parseReference(name)).split("@", 1)[0] ?? "";
  const colon = familiar.lastIndexOf(":");
  const hasTag = colon > familiar.lastIndexOf("/");
  const path = (hasTag ? familiar.slice(0, colon) : familiar).split("/").map(encodeURIComponent).join("/");
  const tag = hasTag ? `@${encodeURIComponent(familiar.slice(colon + 1))}` : "";
  return `pkg:docker/${path}${tag}${platform === undefined ? "" : `?platform=${encodeURIComponent(formatPlatform(platform))}`}`;
}

/** What /etc/os-release says of an image. */
export interface Distribution {
  readonly id: string;
  readonly version: string;
}

/** A package as a package URL (https://github.com/package-url/purl-spec). */
export function packagePurl(found: FoundPackage, distribution: Distribution | undefined): string {
  const { kind, name, version, architecture, source } = found;
  const at = (text: string): string => (text === "" ? "" : `@${encoded(text)}`);
  if (kind === "npm") return `pkg:npm/${name.split("/").map(encoded).join("/")}${at(version)}`;
  const { id = "", version: release = "" } = distribution ?? {};
  const namespace = id || { deb: "debian", apk: "alpine", rpm: "redhat" }[kind];
  const epoch = kind === "rpm" ? /^(\d+):/.exec(version)?.[1] : undefined;
  const bare = epoch === undefined ? version : version.slice(epoch.length + 1);
  const qualifiers = [
    ...(architecture === undefined ? [] : [`arch=${encoded(architecture)}`]),
    ...(id === "" ? [] : [`distro=${encoded(release === "" ? id : `${id}-${release}`)}`]),
    ...(epoch === undefined ? [] : [`epoch=${epoch}`]),
    ...(source === undefined ? [] : [`upstream=${encoded(source)}`]),
  ];
  const query = qualifiers.length === 0 ? "" : `?${qualifiers.join("&")}`;
  return `pkg:${kind}/${encoded(namespace)}/${encoded(name)}${at(bare)}${query}`;
}

/** Half of a surrogate pair, which JSON may have, is no character that could be encoded. */
function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}
