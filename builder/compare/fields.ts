import { parseJson, type Json } from "../core/json.ts";
import type { ComparedImage, FieldDifference } from "./types.ts";

/** What the members of two configs and manifests differ in. Layers are another matter. */
export function compareFields(a: ComparedImage, b: ComparedImage): FieldDifference[] {
  const sides = [fieldsOf(a), fieldsOf(b)] as const;
  const names = new Set(sides.flatMap((fields) => [...fields.keys()]));
  return [...names].sort().flatMap((field): FieldDifference[] => {
    const [ours, theirs] = sides.map((fields) => fields.get(field));
    if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
    if (field.startsWith(LAYERS) && (ours === undefined || theirs === undefined)) return [];
    return [
      { field, ...(ours === undefined ? {} : { a: ours }), ...(theirs === undefined ? {} : { b: theirs }) },
    ];
  });
}

const LAYERS = "manifest.layers.";

type Members = { readonly [key: string]: Json };

function fieldsOf({ manifest, config }: ComparedImage): ReadonlyMap<string, Json> {
  const fields = new Map<string, Json>();
  const document = asObject(parseJson(config.raw, "the image's config") as Json);
  for (const [name, value] of Object.entries(document)) {
    if (name === "rootfs") continue;
    if (name === "history") addHistory(fields, value);
    else if (name === "config")
      for (const [key, inner] of Object.entries(asObject(value))) add(fields, `config.${key}`, inner);
    else add(fields, name, value);
  }
  fields.set("manifest.mediaType", manifest.mediaType);
  for (const [key, value] of Object.entries(manifest.annotations))
    fields.set(`manifest.annotations.${key}`, value);
  manifest.layers.forEach((layer, index) => {
    // Named by its DiffID: where the layers themselves differ, their digests say nothing more, and are left out.
    fields.set(`${LAYERS}${config.diffIds[index] ?? index}`, `${layer.mediaType} ${layer.digest}`);
  });
  return fields;
}

/** Variables by name, and the members of objects one by one; a list is one value. */
function add(fields: Map<string, Json>, name: string, value: Json): void {
  if (name === "config.Env" && Array.isArray(value)) {
    for (const text of value as readonly Json[]) {
      const [key = "", ...rest] = String(text).split("=");
      fields.set(`${name}.${key}`, rest.join("="));
    }
    fields.set(
      `${name} (order)`,
      (value as readonly Json[]).map((text) => String(text).split("=")[0] ?? ""),
    );
  } else if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) fields.set(`${name}.${key}`, inner);
  } else fields.set(name, value);
}

function addHistory(fields: Map<string, Json>, history: Json): void {
  if (!Array.isArray(history)) return;
  (history as readonly Json[]).forEach((entry, index) => {
    for (const [key, value] of Object.entries(asObject(entry)))
      fields.set(`history.${index + 1}.${key}`, value);
  });
}

function asObject(value: Json): Members {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Members) : {};
}
