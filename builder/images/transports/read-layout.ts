import type { Digest } from "../../core/digest.ts";
import { parseIndexDocument } from "../../image/manifest.ts";
import { parseReference, formatReference } from "../../image/reference.ts";
import type { Descriptor } from "../../image/types.ts";
import { blobPath, IMAGE_NAME, REF_NAME } from "../../outputs/layout.ts";
import { readDocument } from "./file-blob.ts";
import { readTree } from "./read-tree.ts";
import type { ImageFiles, NamedTree } from "./types.ts";

/** The images that an OCI layout names (OCI image-spec, image-layout.md), each once, with all of its names. */
export function readLayout(files: ImageFiles): readonly NamedTree[] {
  const { manifests } = parseIndexDocument(readDocument(files, "index.json"));
  const byDigest = new Map<Digest, Descriptor[]>();
  for (const one of manifests) byDigest.set(one.digest, [...(byDigest.get(one.digest) ?? []), one]);
  return [...byDigest.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const tag = first.annotations?.[REF_NAME];
    const tree = readTree(files, withoutNames(first), { document: blobPath, blob: blobPath });
    return [{ tree, names: same.flatMap(namesOf), tag }];
  });
}

/** containerd's and docker's full name; podman and buildah write it where skopeo has a tag alone. */
function namesOf({ annotations = {} }: Descriptor): readonly string[] {
  const short = annotations[REF_NAME];
  const name = annotations[IMAGE_NAME] ?? (short !== undefined && /[/:]/.test(short) ? short : undefined);
  return name === undefined ? [] : [formatReference(parseReference(name))];
}

/** What an index.json says of an image by name is not said of the image. */
function withoutNames({ annotations = {}, ...plain }: Descriptor): Descriptor {
  const { [REF_NAME]: _tag, [IMAGE_NAME]: _name, ...others } = annotations;
  return Object.keys(others).length > 0 ? { ...plain, annotations: others } : plain;
}
