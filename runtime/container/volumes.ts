import { statSync } from "node:fs";
import { resolve } from "node:path";
import { TsbuildError, messageOf } from "../../builder/core/errors.ts";
import type { MountSpec } from "../types.ts";
import { makeDirectory } from "../../builder/core/make-directory.ts";

/** `-v HOST:CONTAINER[:ro|rw]` as a bind mount; a host directory that is missing is made, as docker makes it. */
export function volumeMount(volume: string): MountSpec {
  const parts = volume.split(":");
  const [host = "", target = "", mode = "rw"] = parts;
  const usage = (state: string): TsbuildError =>
    new TsbuildError("USAGE", `Cannot mount volume "${volume}": ${state}`, {
      hint: "write -v HOST:CONTAINER or -v HOST:CONTAINER:ro, with absolute paths",
    });
  if (parts.length < 2 || parts.length > 3 || host === "") throw usage("it is not HOST:CONTAINER[:ro]");
  if (!target.startsWith("/")) throw usage(`the path in the container, "${target}", is not absolute`);
  if (mode !== "ro" && mode !== "rw") throw usage(`"${mode}" is not ro or rw`);
  if (!/^[./~]/.test(host)) throw usage(`"${host}" names a volume, and named volumes are not supported`);
  const source = resolve(host);
  try {
    if (statSync(source, { throwIfNoEntry: false }) === undefined) makeDirectory(source);
  } catch (cause) {
    throw new TsbuildError("SANDBOX", `Cannot mount volume "${volume}": ${messageOf(cause)}`, { cause });
  }
  return { type: "bind", target, source, recursive: true, flags: { readonly: mode === "ro" } };
}
