import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { TsbuildError } from "../../builder/core/errors.ts";

/** Compiling it takes two seconds; a compiler that waits for something must not keep a build waiting. */
const COMPILE_TIMEOUT = 120_000;

/**
 * The native helper: the one that was compiled in this checkout, else the one that the package brings for this processor,
 * else one that is compiled now, once, from the sources in the package.
 */
export function helperBinary(env: NodeJS.ProcessEnv = process.env): string {
  const native = join(packageFolder(), "native");
  const brought = [
    join(native, "build/tsbuild-helper"),
    join(native, `prebuilt/tsbuild-helper-${process.arch}`),
  ];
  return brought.find((path) => existsSync(path)) ?? compile(native, env);
}

function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/** Into the cache directory of the user (XDG Base Directory): that of the package may be anybody's. */
function compile(native: string, env: NodeJS.ProcessEnv): string {
  const cache = join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tsbuild");
  const { version } = JSON.parse(readFileSync(join(native, "../package.json"), "utf8")) as {
    version: string;
  };
  const binary = join(cache, `helper-${version}-${process.arch}`);
  if (existsSync(binary)) return binary;
  let build: string;
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    build = mkdtempSync(join(cache, "compile-"));
  } catch (cause) {
    throw missing(`${cache} cannot be written to`, cause);
  }
  try {
    const made = spawnSync("make", ["-s", "-C", native, `BUILD=${build}`, "LDFLAGS=-s"], {
      env,
      encoding: "utf8",
      timeout: COMPILE_TIMEOUT,
    });
    if (made.status !== 0)
      throw missing(made.error === undefined ? made.stderr.trim() : "there is no make", made.error);
    renameSync(join(build, "tsbuild-helper"), binary);
    return binary;
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
}

function missing(state: string, cause: unknown): TsbuildError {
  return new TsbuildError(
    "HELPER_MISSING",
    `Cannot start the native helper: the package has none for ${process.arch}, and it could not be compiled: ${state}`,
    { cause, hint: "install gcc, make and the C library's headers (on Debian: gcc make libc6-dev)" },
  );
}
