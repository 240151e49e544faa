import { join } from "node:path";
import type { Bytes } from "../core/bytes.ts";
import { hexOf, isDigest, type DiffId } from "../core/digest.ts";
import { readRecord, type Files } from "./files.ts";
import type { LayerRecord, LayerRecords } from "./types.ts";

type Compressed = LayerRecord["compressed"][number];

/**
 * What is known of each layer. Two processes that add to one record at the same moment may lose one of the additions:
 * a face that is forgotten is made again when it is needed, so a lock would cost more than it saves.
 */
export function openLayerRecords(files: Files): LayerRecords {
  /** What this session uses, as it last saw it: for the moment in which another process looks whether it may remove it. */
  const used = new Map<DiffId, LayerRecord>();
  const place = (diffId: DiffId): string => join(files.root, "layers", hexOf(diffId));
  const peek = (diffId: DiffId): LayerRecord | undefined => parse(readRecord(place(diffId)), diffId);
  const get = (diffId: DiffId): LayerRecord | undefined => {
    if (!used.has(diffId) && !files.touch(place(diffId))) return undefined;
    const record = peek(diffId) ?? used.get(diffId);
    if (record !== undefined) used.set(diffId, record);
    return record;
  };
  return {
    get,
    peek,
    forget: (diffId) => void used.delete(diffId),
    update(diffId, change) {
      const old = get(diffId);
      // What the old snapshot lay upon says nothing about a new one.
      const { on: _on, hides: _hides, ...rest } = old ?? {};
      const merged: LayerRecord = {
        ...(change.snapshot === undefined ? old : rest),
        ...change,
        diffId,
        compressed: union(old?.compressed ?? [], change.compressed ?? []),
      };
      const text = JSON.stringify(merged);
      if (text !== JSON.stringify(old)) files.writeFile(files.path("layers", hexOf(diffId)), `${text}\n`);
      used.set(diffId, merged);
      return merged;
    },
  };
}

function union(old: readonly Compressed[], added: readonly Compressed[]): readonly Compressed[] {
  const byDigest = new Map(old.map((form) => [form.digest, form]));
  for (const form of added) byDigest.set(form.digest, form);
  return [...byDigest.values()];
}

function parse(
  value: Readonly<Record<string, unknown>> | undefined,
  diffId: DiffId,
): LayerRecord | undefined {
  if (value === undefined || value["diffId"] !== diffId || !Array.isArray(value["compressed"]))
    return undefined;
  const { size, snapshot, on, hides } = value;
  return {
    diffId,
    ...(isSize(size) ? { size } : {}),
    // A name that leads elsewhere was not written here.
    ...(typeof snapshot === "string" && /^[\w.-]+$/.test(snapshot) && !/^\.+$/.test(snapshot)
      ? { snapshot }
      : {}),
    ...(isDigest(on) ? { on: on as DiffId } : {}),
    ...(Array.isArray(hides) ? { hides: hides.filter((path) => typeof path === "string") as Bytes[] } : {}),
    compressed: value["compressed"].filter(isCompressed),
  };
}

function isCompressed(value: unknown): value is Compressed {
  if (typeof value !== "object" || value === null) return false;
  const form = value as Readonly<Record<string, unknown>>;
  return typeof form["mediaType"] === "string" && isDigest(form["digest"]) && isSize(form["size"]);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
