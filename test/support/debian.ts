import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project.ts";

/** Debian release of the base image: the machine's own, so that its package mirror has it. */
const SUITE = "bookworm";

/**
 * A Debian root filesystem made by debootstrap, as a tar. Kept in .build/ of the project, as making it takes half a
 * minute; undefined, with the reason, where it cannot be made.
 */
export function debianRootfs(): { tar: string } | { missing: string } {
  const folder = join(projectRoot, ".build/debian");
  const tar = join(folder, `${SUITE}.tar`);
  if (existsSync(tar)) return { tar };
  if (process.getuid?.() !== 0) return { missing: "debootstrap needs root" };
  if (!existsSync("/usr/sbin/debootstrap")) return { missing: "debootstrap is not installed" };
  const root = join(folder, `root-${process.pid}`);
  const partial = `${tar}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    const mirror = aptMirror();
    execFileSync(
      "debootstrap",
      ["--variant=minbase", SUITE, root, ...(mirror === undefined ? [] : [mirror])],
      { stdio: "ignore" },
    );
    execFileSync("tar", [
      "--numeric-owner",
      "--xattrs",
      "-C",
      root,
      "-cf",
      partial,
      "--exclude=./dev/*",
      // Two thirds of all: what apt fetched, and will again.
      "--exclude=./var/cache/apt/*.bin",
      "--exclude=./var/cache/apt/archives/*.deb",
      "--exclude=./var/lib/apt/lists/*_*",
      ".",
    ]);
    renameSync(partial, tar);
    return { tar };
  } catch {
    return { missing: "debootstrap found no package mirror" };
  } finally {
    rmSync(root, { recursive: true, force: true });
    rmSync(partial, { force: true });
  }
}

/** The mirror that apt itself uses. */
function aptMirror(): string | undefined {
  const targets = execFileSync("apt-get", ["indextargets", "--format", "$(REPO_URI) $(RELEASE)"], {
    encoding: "utf8",
  });
  return targets
    .split("\n")
    .find((line) => line.endsWith(` ${SUITE}`))
    ?.split(" ")[0];
}
