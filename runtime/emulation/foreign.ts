import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { TsbuildError } from "../../builder/core/errors.ts";
import { formatPlatform, hostPlatform, type Platform } from "../../builder/core/platform.ts";
import type { MountSpec } from "../types.ts";
import { BINFMT_MISC, handlerOf } from "./handlers.ts";
import { elfProgram, MACHINES } from "./machines.ts";

/** How programs for a platform are started here. */
export type Support =
  /** By the kernel, alone or with what it has opened already. */
  | { readonly how: "kernel" }
  /** By an interpreter that has to be in the root of the process. */
  | { readonly how: "interpreter"; readonly path: string }
  | { readonly how: "none" };

const known = new Map<string, Support>();

/** Whether and how this machine starts programs for a platform. `tempPath` is for one that is tried. */
export function supportOf(platform: Platform, tempPath: (label: string) => string): Support {
  const { architecture } = platform;
  if (architecture === hostPlatform().architecture) return { how: "kernel" };
  const found = known.get(architecture) ?? findSupport(architecture, tempPath);
  known.set(architecture, found);
  return found;
}

function findSupport(architecture: string, tempPath: (label: string) => string): Support {
  const machine = MACHINES[architecture];
  // What is not known here may be known to the kernel.
  if (machine === undefined) return { how: "kernel" };
  const program = elfProgram(machine, machine.exit);
  const handler = handlerOf(program);
  if (handler !== undefined) {
    return handler.isFixed ? { how: "kernel" } : { how: "interpreter", path: handler.interpreter };
  }
  // Kernels run 32-bit programs of their own family; and in a container binfmt_misc may be at work without being shown.
  const path = tempPath("foreign");
  writeFileSync(path, program, { mode: 0o700 });
  return spawnSync(path, { stdio: "ignore", timeout: 10_000 }).status === 0
    ? { how: "kernel" }
    : { how: "none" };
}

/** What a process for a platform needs to have in its root, so that it can be started. EMULATOR_MISSING where it cannot. */
export function foreignMounts(platform: Platform, tempPath: (label: string) => string): readonly MountSpec[] {
  const support = supportOf(platform, tempPath);
  if (support.how === "kernel") return [];
  if (support.how === "none" || !existsSync(support.path)) throw emulatorMissing(platform);
  const flags = { readonly: true, nosuid: true, nodev: true };
  return [{ type: "bind", target: support.path, source: support.path, recursive: false, flags }];
}

/** Says what this machine cannot run, and the line that changes it. */
export function emulatorMissing(platform: Platform): TsbuildError {
  const host = formatPlatform(hostPlatform());
  return new TsbuildError(
    "EMULATOR_MISSING",
    `Cannot run steps for ${formatPlatform(platform)}: this machine is ${host}, and no emulator is registered for it`,
    { hint: hintFor(platform) },
  );
}

function hintFor({ architecture }: Platform): string {
  const machine = MACHINES[architecture];
  const qemu = `/usr/bin/qemu-${machine?.qemu ?? architecture}-static`;
  const mount = existsSync(`${BINFMT_MISC}/register`)
    ? ""
    : `mount -t binfmt_misc binfmt_misc ${BINFMT_MISC} && `;
  if (machine === undefined || !existsSync(qemu)) {
    return `run as root: ${mount}apt-get install -y qemu-user-static binfmt-support; or, where docker is: docker run --privileged --rm tonistiigi/binfmt --install ${architecture}`;
  }
  const header = elfProgram(machine, "").subarray(0, 20);
  // The system's ABI (byte 7) may be any, and a program EXEC or DYN (byte 16 or 17).
  const mask = header.map((_, index) =>
    index === 7 ? 0 : index === (machine.bigEndian ? 17 : 16) ? 0xfe : 0xff,
  );
  const line = `:qemu-${machine.qemu}:M::${escaped(header)}:${escaped(mask)}:${qemu}:OCF`;
  return `run as root: ${mount}printf '%s' '${line}' > ${BINFMT_MISC}/register`;
}

function escaped(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
