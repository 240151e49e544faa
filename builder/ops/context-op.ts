import type { ContextOp } from "../graph/types.ts";
import type { OpHandler, OpServices } from "./types.ts";

/** A build context makes nothing: COPY reads it in place, and only the content of what it takes is in a key. */
export function contextHandler(services: OpServices): OpHandler<ContextOp> {
  return {
    recorded: false,
    definition: () => undefined,
    async run({ name }, _inputs, { signal }) {
      await services.openContext(name, signal);
      return { rootfs: [] };
    },
  };
}
