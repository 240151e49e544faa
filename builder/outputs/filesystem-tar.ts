import type { Tree } from "../core/entry.ts";
import { dated, flatten } from "../layers/flatten.ts";
import { writeLayer } from "../layers/write-layer.ts";
import type { RootFs } from "../layers/types.ts";
import { writeWhole, type Sink } from "./sink.ts";
import type { Output } from "./types.ts";

/** The root filesystem as one tar, no image around it: `--output type=tar`. */
export function filesystemTarOutput(
  tree: (rootfs: RootFs) => Promise<Tree>,
  dest: string,
  open: () => Sink,
): Output {
  return {
    label: `writing root filesystem ${dest}`,
    async write(image) {
      const files = await tree(image.rootfs);
      await writeWhole(open, async (sink) => {
        await writeLayer([...dated(flatten(files), image.epoch)], (chunk) => sink.write(chunk));
        await sink.end();
      });
      return { path: dest };
    },
  };
}
