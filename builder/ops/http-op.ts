import type { HttpOp } from "../graph/types.ts";
import type { OpHandler, OpServices } from "./types.ts";

/**
 * ADD of a URL. With a checksum its key is known before anything is asked; without one the COPY is keyed by what came,
 * for which an unchanged URL costs one request.
 */
export function httpHandler(services: OpServices): OpHandler<HttpOp> {
  return {
    resource: "network",
    recorded: false,
    definition: ({ type, filename, checksum }) =>
      checksum === undefined ? undefined : { type, filename, checksum },
    run: async (op, _inputs, step) => ({ rootfs: [], files: await services.download(op, step) }),
  };
}
