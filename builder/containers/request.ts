import { readFileSync, writeFileSync } from "node:fs";
import { TsbuildError } from "../core/errors.ts";
import type { ContainerRequest } from "../api/container-types.ts";

/** JSON has no number without an end, which limits may be. */
const ENDLESS = { number: "Infinity" } as const;

/** Keeps what a container was asked for, for `start`. */
export function writeRequest(directory: string, request: ContainerRequest): void {
  const text = JSON.stringify(request, (_key, value: unknown) => (value === Infinity ? ENDLESS : value));
  writeFileSync(`${directory}/request.json`, text);
}

/** What a container was asked for when it was made. */
export function readRequest(directory: string, name: string): ContainerRequest {
  try {
    const value: unknown = JSON.parse(
      readFileSync(`${directory}/request.json`, "utf8"),
      (_key, part: unknown) => (isEndless(part) ? Infinity : part),
    );
    if (isRequest(value)) return value;
  } catch (cause) {
    throw damaged(name, cause);
  }
  throw damaged(name);
}

/** What `writeRequest` wrote has all of these; whoever wrote anything else there gets what that leads to. */
function isRequest(value: unknown): value is ContainerRequest {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map(Object.entries(value));
  const lists = ["command", "env", "volumes", "capAdd", "capDrop"].map((key) => fields.get(key));
  const sandbox = fields.get("sandbox") as unknown;
  return (
    lists.every((list) => Array.isArray(list) && list.every((item) => typeof item === "string")) &&
    typeof sandbox === "object" &&
    sandbox !== null &&
    ["settings", "dns", "mounts", "ports"].every((key) => Object.hasOwn(sandbox, key))
  );
}

function isEndless(value: unknown): boolean {
  return typeof value === "object" && value !== null && "number" in value && value.number === ENDLESS.number;
}

function damaged(name: string, cause?: unknown): TsbuildError {
  return new TsbuildError("STORE_INVALID", `Cannot start container ${name}: its record is damaged`, {
    cause,
    hint: `make a new one of what it wrote: tsbuild commit ${name} IMAGE`,
  });
}
