import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { elfProgram, MACHINES } from "../../runtime/emulation/machines.ts";
import { projectRoot } from "./project.ts";
import type { Outcome, Rig } from "./rig.ts";

export const QEMU = "/usr/bin/qemu-aarch64-static";
/** A 64-bit little-endian program for machine 183, of any ABI, EXEC or DYN. */
const MAGIC = `\\x7fELF\\x02\\x01\\x01${"\\x00".repeat(9)}\\x02\\x00\\xb7\\x00`;
const MASK = `${"\\xff".repeat(7)}\\x00${"\\xff".repeat(8)}\\xfe${"\\xff".repeat(3)}`;

/**
 * A static program for arm64. It writes the machine's name, as uname(2) tells it, to the file that its argument names and
 * to standard output: uname; openat(argument, O_CREAT); write; write; exit.
 */
export function arm64Whoami(): Buffer {
  const machine = MACHINES["arm64"];
  if (machine === undefined) throw new Error("arm64 is not known");
  const code =
    "f40b40f9ff4306d1e0030091081480d2010000d4f3130491150080d2616a753861000034b5060091fdffff1741018052616a3538b5060091600c8092e10314aa" +
    "224880d2833480d2080780d2010000d4e10313aae20315aa080880d2010000d4200080d2e10313aae20315aa080880d2010000d4000080d2a80b80d2010000d4";
  return elfProgram(machine, code);
}

/** Why no program for arm64 can be made to run here, or undefined. */
export function withoutEmulation(): string | undefined {
  if (process.arch !== "x64") return "this machine is no amd64";
  if (!existsSync(QEMU)) return "qemu-user-static is not installed (apt-get install qemu-user-static)";
  const { status, stderr } = spawnSync("unshare", inOwnBinfmt("F", ["true"]), { encoding: "utf8" });
  return status === 0 ? undefined : `binfmt_misc cannot be registered in a user namespace: ${stderr.trim()}`;
}

/**
 * Runs the command line where programs for arm64 are started with qemu. The registration is a user namespace's own (Linux
 * 6.7), and goes with it. `flags`: those of binfmt_misc.
 */
export function tsbuildEmulated(rig: Rig, flags: "F" | "", args: readonly string[]): Outcome {
  const cli = [process.execPath, join(projectRoot, "dist/bin/tsbuild.cjs"), ...args];
  const { status, stdout, stderr } = spawnSync("unshare", inOwnBinfmt(flags, cli), {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: rig.directory, TSBUILD_ROOT: rig.store },
  });
  return { status: status ?? 1, stdout, stderr };
}

function inOwnBinfmt(flags: string, command: readonly string[]): string[] {
  const { line, script } = inBinfmt(flags);
  return ["--user", "--map-root-user", "--mount", "sh", "-c", script, line, ...command];
}

/** A script that registers the line, its argument 0, in a user namespace of its own and executes the other arguments. */
export function inBinfmt(flags: string): { readonly line: string; readonly script: string } {
  return {
    line: `:tsbuild-arm64:M::${MAGIC}:${MASK}:${QEMU}:${flags}`,
    script: `set -e; cd /proc/sys/fs/binfmt_misc; mount -t binfmt_misc binfmt_misc .; cd ../binfmt_misc; printf %s "$0" > register; cd /; exec "$@"`,
  };
}
