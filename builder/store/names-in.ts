import { readdirSync } from "node:fs";
import { errnoOf } from "../core/errors.ts";
import { storeFailure } from "./failure.ts";

/** Names in a directory of the store; none where there is no directory. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw storeFailure(error, "read", folder);
  }
}
