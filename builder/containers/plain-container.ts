import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../api/container-types.ts";
import { TsbuildError } from "../core/errors.ts";
import { nameOf } from "./stop.ts";

/** Where a container that is held by chroot has its root filesystem. */
export function treeOf(directory: string): string {
  return join(directory, "tree");
}

/** Throws for such a container, of which some things cannot be had. */
export function requireOverlay({ record, directory }: Container, task: string): void {
  if (!existsSync(treeOf(directory))) return;
  throw new TsbuildError("SANDBOX", `Cannot ${task} container ${nameOf(record)}: it was run by chroot`, {
    hint: "tsbuild doctor says which setting allows containers with namespaces of their own",
  });
}
