import { readFileSync } from "node:fs";
import { join } from "node:path";

/** DiffIDs of an image of a store, which is an OCI layout. */
export function layersOf(store: string, name: string): readonly string[] {
  const read = (path: string) => JSON.parse(readFileSync(join(store, path), "utf8"));
  const blob = (digest: string) => read(join("blobs", digest.replace(":", "/")));
  const images = read("index.json").manifests as { digest: string; annotations: Record<string, string> }[];
  const names = new RegExp(`(^|/)${name}(:|$)`);
  const image = images.find(({ annotations }) => Object.values(annotations).some((one) => names.test(one)));
  return blob(blob(image?.digest ?? "").config.digest).rootfs.diff_ids;
}
