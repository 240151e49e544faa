import type { LayerTrees } from "../ops/trees.ts";
import type { Store } from "../store/types.ts";
import type { LayerStore } from "../../runtime/layers/layer-store.ts";
import type { SnapshotForm } from "../../runtime/layers/snapshot-form.ts";
import type { Helper } from "../../runtime/types.ts";

/** What commands on containers work with. */
export interface ContainerServices {
  readonly store: Store;
  readonly layers: LayerStore;
  readonly trees: LayerTrees;
  readonly env: NodeJS.ProcessEnv;
  helper(): Promise<Helper>;
  /** The same for what needs no files of the store, some of which are still being tidied up. */
  earlyHelper(): Promise<Helper>;
  /** How layers are unpacked; "none" where containers are held by chroot alone. */
  form(): Promise<SnapshotForm>;
}
