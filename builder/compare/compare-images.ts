import { causeOfField } from "./causes.ts";
import { compareByFiles } from "./by-files.ts";
import { compareByLayers } from "./by-layers.ts";
import { compareFields } from "./fields.ts";
import type { ComparedImage, CompareOptions, FieldDifference, ImageDifference } from "./types.ts";

/**
 * What differs between two images. Works on the layers' indexes: bytes are read of files that are equally large and come
 * from different layers, both at a time and no further than to where they differ.
 */
export async function compareImages(
  a: ComparedImage,
  b: ComparedImage,
  options: CompareOptions,
): Promise<ImageDifference> {
  const equal = a.manifest.digest === b.manifest.digest;
  if (equal) return { equal, fields: [], layers: [] };
  const fields = compareFields(a, b);
  const compare = options.by === "files" ? compareByFiles : compareByLayers;
  const layers = await compare(a, b, options);
  return { equal, fields: options.explain ? fields.map(explained) : fields, layers };
}

function explained(field: FieldDifference): FieldDifference {
  const cause = causeOfField(field);
  return cause === undefined ? field : { ...field, cause };
}
