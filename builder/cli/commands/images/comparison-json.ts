import { printable } from "../../../core/bytes.ts";
import type { ComparedImage, Face, FileDifference } from "../../../compare/types.ts";
import type { Comparison } from "../../../api/types.ts";

/** What differs, for programs. */
export function comparisonJson({ a, b, difference }: Comparison): string {
  const { equal, fields, layers } = difference;
  const document = {
    equal,
    a: imageJson(a),
    b: imageJson(b),
    config: fields,
    layers: layers.map((layer) => ({ ...layer, files: layer.files.map(fileJson) })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function imageJson({ name, manifest, config }: ComparedImage): object {
  return { name, digest: manifest.digest, id: config.digest };
}

function fileJson({ path, change, aspects, a, b, cause }: FileDifference): object {
  return {
    path: `/${printable(path)}`,
    change,
    what: aspects,
    ...(a === undefined ? {} : { a: faceJson(a) }),
    ...(b === undefined ? {} : { b: faceJson(b) }),
    ...(cause === undefined ? {} : { cause }),
  };
}

function faceJson(face: Face): object {
  if (face.type === "whiteout" || face.type === "opaque") return { type: face.type };
  const { type, mode, uid, gid, size, mtime, link, major, minor } = face;
  return {
    type,
    mode: mode.toString(8).padStart(4, "0"),
    uid,
    gid,
    ...(type === "file" ? { size } : {}),
    mtime,
    ...(link === undefined ? {} : { link: printable(link) }),
    ...(major === undefined ? {} : { major, minor: minor ?? 0 }),
  };
}
