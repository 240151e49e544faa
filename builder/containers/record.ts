import type { DiffId } from "../core/digest.ts";
import { isDigest } from "../core/digest.ts";
import { readRunConfig } from "../image/config.ts";
import { Fields } from "../image/fields.ts";
import type { RunConfig } from "../image/types.ts";
import { isContainerName } from "./names.ts";
import type { RestartPolicy } from "../api/run-options.ts";
import type { ContainerRecord, ProcessSettings, Started } from "../api/container-types.ts";

const SIGTERM = 15;
const STOP_TIMEOUT = 10;
const LAST_SIGNAL = 64;
const RESTARTS = ["on-failure", "always", "unless-stopped"] as const;

export function serializeRecord(record: ContainerRecord): string {
  const limits = record.process?.limits.map(({ resource, soft, hard }) => ({
    resource,
    // JSON has no Infinity.
    soft: Number.isFinite(soft) ? soft : null,
    hard: Number.isFinite(hard) ? hard : null,
  }));
  const process = record.process && { ...record.process, limits };
  return `${JSON.stringify({ ...record, process }, undefined, 1)}\n`;
}

/**
 * Reads a record; what is not as it should be is left out, so that a damaged one can still be seen and removed. Who it
 * belongs to is its directory's name, whatever it says itself.
 */
export function parseRecord(id: string, value: unknown): ContainerRecord {
  const fields = fieldsOf(value);
  const list = (key: string): readonly string[] => orElse(() => fields.strings(key), []);
  const text = (key: string): string => orElse(() => fields.optionalString(key), "");
  const flag = (key: string): boolean => orElse(() => fields.optionalBoolean(key), false);
  const number = (key: string, otherwise: number): number =>
    orElse(() => fields.optionalInteger(key), otherwise);
  const name = text("name");
  const [imageId, manifest] = [text("imageId"), text("manifest")];
  const started = orElse(() => readStarted(fields.optionalObject("started")), undefined);
  const process = orElse(() => readProcess(fields.optionalObject("process")), undefined);
  const restart = orElse(() => readRestart(fields.optionalObject("restart")), undefined);
  const stopSignal = number("stopSignal", SIGTERM);
  return {
    id,
    name: isContainerName(name) ? name : "",
    image: text("image"),
    ...(isDigest(imageId) ? { imageId } : {}),
    ...(isDigest(manifest) ? { manifest } : {}),
    layers: list("layers").filter((layer): layer is DiffId => isDigest(layer)),
    snapshots: list("snapshots").filter((snapshot) => /^[0-9a-f]{1,64}$/.test(snapshot)),
    created: text("created"),
    argv: list("argv"),
    config: orElse((): RunConfig => readRunConfig(fields.optionalObject("config")), {}),
    hostname: text("hostname"),
    tty: flag("tty"),
    stdin: flag("stdin"),
    remove: flag("remove"),
    ...(restart === undefined ? {} : { restart }),
    stopSignal: stopSignal >= 1 && stopSignal <= LAST_SIGNAL ? stopSignal : SIGTERM,
    stopTimeout: number("stopTimeout", STOP_TIMEOUT),
    network: text("network"),
    ports: list("ports"),
    volumes: list("volumes"),
    mounts: list("mounts"),
    session: text("session"),
    ...(process === undefined ? {} : { process }),
    ...(started === undefined ? {} : { started }),
  };
}

function readStarted(fields: Fields | undefined): Started | undefined {
  if (fields === undefined) return undefined;
  return {
    pid: fields.size("pid"),
    start: fields.size("start"),
    supervisor: fields.size("supervisor"),
    time: fields.string("time"),
    boot: fields.string("boot"),
  };
}

function readRestart(fields: Fields | undefined): RestartPolicy | undefined {
  const name = RESTARTS.find((one) => one === fields?.optionalString("name"));
  return fields && name && { name, most: fields.size("most") };
}

function readProcess(fields: Fields | undefined): ProcessSettings | undefined {
  if (fields === undefined) return undefined;
  return {
    home: fields.string("home"),
    cwd: fields.string("cwd"),
    uid: fields.size("uid"),
    gid: fields.size("gid"),
    groups: fields.integers("groups") ?? [],
    capabilities: (fields.integers("capabilities") ?? []).filter((one) => one >= 0 && one < 64),
    noNewPrivileges: fields.optionalBoolean("noNewPrivileges") ?? false,
    limits: (fields.objects("limits") ?? []).map((one) => ({
      resource: one.size("resource"),
      soft: readLimit(one, "soft"),
      hard: readLimit(one, "hard"),
    })),
    cgroups: fields.strings("cgroups") ?? [],
  };
}

function readLimit(fields: Fields, key: string): number {
  return fields.has(key) ? fields.size(key) : Infinity;
}

function fieldsOf(value: unknown): Fields {
  return orElse(() => new Fields(value, "the container"), new Fields({}, "the container"));
}

function orElse<T>(read: () => T | undefined, otherwise: T): T {
  try {
    return read() ?? otherwise;
  } catch {
    return otherwise;
  }
}
