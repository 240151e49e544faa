import type { DiffId } from "../../core/digest.ts";
import { TsbuildError } from "../../core/errors.ts";
import { parseImageConfig } from "../../image/config.ts";
import type { TreeBlob } from "../../outputs/image-tree.ts";

/** As for manifests. */
const MAX_CONFIG = 4 << 20;

/** What an image's config says of its layers' content. */
export async function readDiffIds(config: TreeBlob, layers: number): Promise<readonly DiffId[]> {
  const { digest, size } = config.descriptor;
  if (size > MAX_CONFIG) {
    throw new TsbuildError(
      "IMAGE_INVALID",
      `Cannot convert the image: its config ${digest} has ${size} bytes, more than ${MAX_CONFIG}`,
    );
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of config.open()) chunks.push(chunk);
  const { diffIds } = parseImageConfig(Buffer.concat(chunks));
  if (diffIds.length === layers) return diffIds;
  throw new TsbuildError(
    "IMAGE_INVALID",
    `Cannot convert the image: its manifest has ${layers} layers, its config ${diffIds.length}`,
  );
}
