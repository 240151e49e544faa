import type { ImageOp } from "../graph/types.ts";
import type { OpHandler, OpServices } from "./types.ts";

/** FROM an image: known by what its layers hold, so that a new tag on equal layers changes nothing; nothing is fetched yet. */
export function imageHandler(services: OpServices): OpHandler<ImageOp> {
  return {
    recorded: false,
    definition: (op) => ({ type: "image", layers: op.diffIds }),
    run: async (op, _inputs, step) => ({ rootfs: services.imageLayers(op, step) }),
  };
}
