import { sha256, type DiffId } from "../core/digest.ts";
import { normalizePlatform } from "../core/platform.ts";
import { readDocument, type Fields } from "./fields.ts";
import type { Healthcheck, HistoryEntry, ImageConfig, RunConfig } from "./types.ts";

/** Reads the config of an image (OCI image-spec, config.md), with docker's extensions. */
export function parseImageConfig(raw: Buffer): ImageConfig {
  const fields = readDocument(raw, "the image config");
  const rootfs = fields.object("rootfs");
  const variant = fields.optionalString("variant");
  const osVersion = fields.optionalString("os.version");
  return {
    raw,
    digest: sha256(raw),
    platform: normalizePlatform({
      os: fields.string("os"),
      architecture: fields.string("architecture"),
      ...(variant ? { variant } : {}),
      ...(osVersion ? { osVersion } : {}),
    }),
    ...given("created", fields.optionalString("created")),
    ...given("author", fields.optionalString("author")),
    config: readRunConfig(fields.optionalObject("config")),
    diffIds: (rootfs.digests("diff_ids") ?? []) as readonly DiffId[],
    history: (fields.objects("history") ?? []).map(readHistory),
  };
}

/** The `config` object of such a document. */
export function readRunConfig(fields: Fields | undefined): RunConfig {
  if (fields === undefined) return {};
  return {
    ...given("User", fields.optionalString("User") || undefined),
    ...given("ExposedPorts", fields.set("ExposedPorts")),
    ...given("Env", fields.strings("Env")),
    ...given("Entrypoint", fields.strings("Entrypoint")),
    ...given("Cmd", fields.strings("Cmd")),
    ...given("Healthcheck", readHealthcheck(fields.optionalObject("Healthcheck"))),
    ...given("ArgsEscaped", fields.optionalBoolean("ArgsEscaped")),
    ...given("Volumes", fields.set("Volumes")),
    ...given("WorkingDir", fields.optionalString("WorkingDir") || undefined),
    ...given("OnBuild", fields.strings("OnBuild")),
    ...given("Labels", fields.stringMap("Labels")),
    ...given("StopSignal", fields.optionalString("StopSignal") || undefined),
    ...given("Shell", fields.strings("Shell")),
  };
}

function readHealthcheck(fields: Fields | undefined): Healthcheck | undefined {
  if (fields === undefined) return undefined;
  return {
    ...given("Test", fields.strings("Test")),
    ...given("Interval", fields.optionalInteger("Interval")),
    ...given("Timeout", fields.optionalInteger("Timeout")),
    ...given("StartPeriod", fields.optionalInteger("StartPeriod")),
    ...given("StartInterval", fields.optionalInteger("StartInterval")),
    ...given("Retries", fields.optionalInteger("Retries")),
  };
}

function readHistory(fields: Fields): HistoryEntry {
  return {
    ...given("created", fields.optionalString("created")),
    ...given("created_by", fields.optionalString("created_by")),
    ...given("author", fields.optionalString("author")),
    ...given("comment", fields.optionalString("comment")),
    ...given("empty_layer", fields.optionalBoolean("empty_layer")),
  };
}

/** A member that is left out, not undefined, where there is no value: such objects print and compare as the document did. */
function given<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: T });
}
