import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project.ts";
import { inBinfmt, withoutEmulation } from "./foreign-programs.ts";

const COMPILER = "aarch64-linux-gnu-gcc";

/** Why no helper for arm64 can be made and started here, or undefined. */
export function withoutEmulatedHelper(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const probe = spawnSync(COMPILER, ["-E", "-"], { input: "#include <stdio.h>\n" });
  if (probe.status !== 0)
    return `${COMPILER} is not installed (apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross)`;
  return withoutEmulation();
}

/** Compiles the helper for arm64 into a directory; the program's path. */
export function compileForArm64(directory: string): string {
  const { status, stderr } = spawnSync(
    "make",
    [
      "-s",
      "-j2",
      "-C",
      join(projectRoot, "native"),
      `BUILD=${directory}`,
      `CC=${COMPILER}`,
      "CPPFLAGS=-DEMULATED",
      "CFLAGS=-O1",
    ],
    { encoding: "utf8" },
  );
  if (status !== 0 || stderr !== "") throw new Error(stderr);
  return join(directory, "tsbuild-helper");
}

/** Runs a command as root of a user namespace with ids to give, in which programs for arm64 are started with qemu. */
export async function runEmulated(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly output: string }> {
  const { line, script } = inBinfmt("OF");
  const child = spawn(
    "unshare",
    ["--user", "--mount", "sh", "-c", `echo ready; read go; ${script}`, line, ...command],
    { stdio: ["pipe", "pipe", "pipe"], env: { PATH: process.env["PATH"], ...env } },
  );
  let output = "";
  await once(child.stdout, "data");
  for (const map of ["uid_map", "gid_map"]) writeFileSync(`/proc/${child.pid}/${map}`, "0 0 65536\n");
  child.stdin.end("go\n");
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (output += data.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  return { status: status ?? 1, output };
}
