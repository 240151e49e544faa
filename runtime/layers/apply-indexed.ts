import type { LayerChange, LayerIndex } from "../../builder/layers/types.ts";
import type { ApplyStream, Helper } from "../types.ts";

/** Entries between two looks at whether the helper keeps up. */
const BATCH = 256;

/** Unpacks a layer of which index and tar are here: no tar is parsed, and the helper copies the bytes itself. */
export async function applyIndexed(
  helper: Helper,
  directory: string,
  index: LayerIndex,
  tar: string,
): Promise<void> {
  const stream = helper.apply(directory);
  try {
    let count = 0;
    for (const change of index.changes) {
      putIndexed(stream, change, tar);
      if (++count % BATCH === 0) await stream.drain();
    }
    await stream.end();
  } catch (error) {
    await stream.abort();
    throw error;
  }
}

/** Unpacks one change, of which the tar has the bytes. */
export function putIndexed(stream: ApplyStream, change: LayerChange, tar: string): void {
  switch (change.kind) {
    case "entry":
      stream.entry(change.entry);
      if (change.entry.type === "file" && change.entry.size > 0)
        stream.range(tar, change.offset ?? 0, change.entry.size);
      break;
    case "whiteout":
      stream.whiteout(change.path);
      break;
    case "opaque":
      stream.opaque(change.path);
      break;
  }
}
