import { readFileSync } from "node:fs";
import { hexOf, isDigest, type DiffId } from "../../builder/core/digest.ts";
import type { Store } from "../../builder/store/types.ts";
import type { CopyRecords } from "./types.ts";

/** Small files in copies/ of the store; one that is torn or missing costs a snapshot made in full. */
export function copyRecords(store: Store): CopyRecords {
  return {
    last(kin) {
      const text = read(store.path("copies", hexOf(kin)));
      return isDigest(text) ? (text as DiffId) : undefined;
    },
    keep(kin, diffId) {
      store.writeFile(store.path("copies", hexOf(kin)), diffId);
    },
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
