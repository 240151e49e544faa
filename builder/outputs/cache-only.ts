import type { Output } from "./types.ts";

/** Runs the steps and keeps them as cache, nothing else: `--output type=cacheonly`. */
export const cacheOnlyOutput: Output = {
  label: "keeping the result as cache alone",
  async write(images) {
    // A step's layer is sealed beside the build: one that cannot be made fails the build here as with every other output.
    await Promise.all(images.flatMap(({ rootfs }) => rootfs.map((layer) => layer.diffId())));
    return {};
  },
};
