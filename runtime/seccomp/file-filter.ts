import { readFileSync } from "node:fs";
import { TsbuildError, messageOf } from "../../builder/core/errors.ts";
import { compileProfile } from "./compile.ts";
import { localTarget } from "./default-filter.ts";
import { parseProfile } from "./docker-profile.ts";

/** The filter that a file with docker's JSON asks for, for a container with these capabilities; undefined: none. */
export function fileFilter(path: string, capabilities: readonly number[]): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new TsbuildError("USAGE", `Cannot read seccomp profile ${path}: ${messageOf(cause)}`, { cause });
  }
  const profile = parseProfile(text, path);
  return profile && compileProfile(profile, localTarget(capabilities));
}
