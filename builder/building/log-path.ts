import { join } from "node:path";
import { hexOf } from "../core/digest.ts";
import type { VertexId } from "../core/events.ts";

/** Where the log of a step lies. */
export function logPath(root: string, id: VertexId): string {
  return join(root, "logs", hexOf(id));
}
