import type { Tree } from "../core/entry.ts";
import { dated, flatten } from "../layers/flatten.ts";
import { writeLayer } from "../layers/write-layer.ts";
import type { NewChange, RootFs } from "../layers/types.ts";
import { inFolder, platformFolder } from "./platform-folder.ts";
import { writeWhole, type Sink } from "./sink.ts";
import type { Output } from "./types.ts";

/** The root filesystem as one tar, no image around it: `--output type=tar`. `split`: in a folder for its platform. */
export function filesystemTarOutput(
  tree: (rootfs: RootFs) => Promise<Tree>,
  dest: string,
  open: () => Sink,
  split?: boolean,
): Output {
  return {
    label: `writing root filesystem ${dest}`,
    async write(images) {
      const changes: NewChange[] = [];
      for (const { rootfs, platform, epoch } of images) {
        const files = dated(flatten(await tree(rootfs)), epoch);
        const folder = (split ?? images.length > 1) ? platformFolder(platform) : undefined;
        for (const change of folder === undefined ? files : inFolder(folder, epoch ?? 0, files))
          changes.push(change);
      }
      await writeWhole(open, async (sink) => {
        await writeLayer(changes, (chunk) => sink.write(chunk));
        await sink.end();
      });
      return { path: dest };
    },
  };
}
