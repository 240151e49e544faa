import { linkSync, renameSync, rmSync } from "node:fs";
import { putIndexed } from "./apply-indexed.ts";
import type { EarlySnapshot } from "./early-snapshot.ts";
import { snapshotName, type SnapshotForm } from "./snapshot-form.ts";
import type { TarProgress } from "./tar-progress.ts";
import type { LayerServices } from "./types.ts";

/** Entries between two looks at whether the helper keeps up. */
const BATCH = 256;

/**
 * Unpacks a layer while its tar is written: the files have the bytes that the tar has, whatever becomes of those that they
 * were copied from. Undefined where the tar is written already, or cannot be.
 */
export async function followTar(
  { store, helper: openHelper }: LayerServices,
  progress: TarProgress,
  form: SnapshotForm,
): Promise<EarlySnapshot | undefined> {
  const helper = await openHelper();
  const tar = store.tempPath("tar");
  if (progress.state() !== "writing") return undefined;
  try {
    // The name that it has moves away when all of it is written.
    linkSync(progress.path, tar);
  } catch {
    return undefined;
  }
  const directory = store.tempPath("snapshot");
  const stream = helper.apply(directory);
  try {
    for (let index = 0; progress.state() !== "failed";) {
      const change = progress.at(index);
      if (change === undefined) {
        if (progress.state() === "written") break;
        await progress.more();
      } else {
        putIndexed(stream, change, tar);
        if (++index % BATCH === 0) await stream.drain();
      }
    }
    if (progress.state() === "failed") {
      await stream.abort();
      await helper.remove([directory]);
      return undefined;
    }
    await stream.end();
  } catch (error) {
    await stream.abort();
    await helper.remove([directory]);
    throw error;
  } finally {
    rmSync(tar, { force: true });
  }
  const snapshot = snapshotName(form);
  const path = store.path("snapshots", snapshot);
  renameSync(directory, path);
  return { directories: [path], hides: [], own: { snapshot } };
}
