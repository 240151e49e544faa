import type { ContextOp } from "../graph/types.ts";
import type { OpHandler } from "./types.ts";

/** A build context makes nothing: COPY reads it in place, and only the content of what it takes is in a key. */
export function contextHandler(): OpHandler<ContextOp> {
  return {
    recorded: false,
    definition: () => undefined,
    run: async () => ({ rootfs: [] }),
  };
}
