import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { makeBaseImage } from "../../fixtures/base-image.ts";
import { alone } from "./alone.ts";

/** Names the directory that all files of one run of the tests share. */
export const SHARED = "TSBUILD_TEST_SHARED";

/**
 * Makes the base image of the demo, named `base`, as a layout in a new directory: this machine's node and a shell. It is
 * 100 MB and a hundred tests want it, so a run of all of them makes it once, and its blobs are linked.
 */
export async function baseLayout(layout: string): Promise<void> {
  const shared = process.env[SHARED];
  if (shared === undefined) return makeBaseImage(layout, "base");
  const made = join(shared, "base");
  if (!existsSync(made))
    await alone(shared, async () => {
      if (existsSync(made)) return;
      await makeBaseImage(`${made}.new`, "base");
      renameSync(`${made}.new`, made);
    });
  const blobs = "blobs/sha256";
  mkdirSync(join(layout, blobs), { recursive: true });
  for (const name of ["index.json", "oci-layout"]) cpSync(join(made, name), join(layout, name));
  for (const name of readdirSync(join(made, blobs)))
    linkOrCopy(join(made, blobs, name), join(layout, blobs, name));
}

function linkOrCopy(from: string, to: string): void {
  // A test may ask again.
  if (existsSync(to)) return;
  try {
    linkSync(from, to);
  } catch {
    // On another file system.
    cpSync(from, to);
  }
}
