import { release } from "node:os";
import { DEFAULT_CAPABILITIES } from "../plan/capabilities.ts";
import { PREBUILT_FILTERS } from "./prebuilt.ts";
import type { SeccompTarget } from "./types.ts";

/** From this version on Linux makes no difference for the default profile. */
const PREBUILT_KERNEL: readonly [number, number] = [4, 8];

/** For whom the prebuilt filter of a machine is made. */
export function prebuiltTarget(machine: string): SeccompTarget {
  return { machine, capabilities: DEFAULT_CAPABILITIES, kernel: PREBUILT_KERNEL };
}

/** For whom a filter is made here. */
export function localTarget(capabilities: readonly number[]): SeccompTarget {
  const [major = 0, minor = 0] = release()
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  return { machine: process.arch, capabilities, kernel: [major, minor] };
}

/**
 * Docker's default profile as a filter for a container with these capabilities; undefined on machines that tsbuild has
 * no numbers of system calls for. The usual one is compiled already.
 */
export async function defaultFilter(capabilities: readonly number[]): Promise<Uint8Array | undefined> {
  const target = localTarget(capabilities);
  const prebuilt = PREBUILT_FILTERS[target.machine];
  if (prebuilt === undefined) return undefined;
  const [major, minor] = target.kernel;
  const modern = major > PREBUILT_KERNEL[0] || (major === PREBUILT_KERNEL[0] && minor >= PREBUILT_KERNEL[1]);
  const usual = capabilities.length === DEFAULT_CAPABILITIES.length;
  if (modern && usual && DEFAULT_CAPABILITIES.every((one) => capabilities.includes(one)))
    return Buffer.from(prebuilt, "base64");
  const [{ compileProfile }, { DEFAULT_PROFILE }] = await Promise.all([
    import("./compile.ts"),
    import("./default-profile.ts"),
  ]);
  return compileProfile(DEFAULT_PROFILE, target);
}
