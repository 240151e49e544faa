import { join } from "node:path";
import type { Bytes } from "../core/bytes.ts";
import type { Tree } from "../core/entry.ts";
import { TsbuildError, messageOf } from "../core/errors.ts";
import type { Container } from "../api/container-types.ts";
import { ownersBeside } from "../../runtime/layers/special-owners.ts";
import type { EntryVisitor } from "../../runtime/types.ts";
import { requireOverlay } from "./plain-container.ts";
import { nameOf } from "./stop.ts";
import type { ContainerServices } from "./types.ts";
import { WithoutStubs } from "./without-stubs.ts";

/** Tells a visitor what a container wrote over its image, whose tree it is given; `verb` is for messages. */
export async function diffWritten(
  { store, layers, trees, helper }: ContainerServices,
  container: Container,
  verb: string,
  visitorFor: (image: Tree) => EntryVisitor,
): Promise<void> {
  const { record, state, directory } = container;
  requireOverlay(container, verb);
  const rootfs = layers.openAll(record.layers);
  if (rootfs === undefined) {
    throw new TsbuildError(
      "STORE_INVALID",
      `Cannot ${verb} container ${nameOf(record)}: the store has not all of its image "${record.image}"`,
      { hint: `fetch it again: tsbuild pull ${record.image}` },
    );
  }
  const tree = await trees.of(rootfs);
  const lowers = record.snapshots.map((snapshot) => join(store.root, "snapshots", snapshot));
  const isBelow = (path: Bytes): boolean => tree.stat(path) !== undefined;
  const visit = new WithoutStubs(visitorFor(tree), record.mounts, isBelow);
  const owners = ownersBeside(join(directory, "work"));
  try {
    await (await helper()).diff({ upper: join(directory, "fs"), lowers, owners }, visit);
  } catch (cause) {
    if (state.status !== "running" || !(cause instanceof TsbuildError)) throw cause;
    throw new TsbuildError(
      "CONTAINER_STATE",
      `Cannot ${verb} container ${nameOf(record)}: it wrote to its files meanwhile (${messageOf(cause)})`,
      { hint: `stop it first: tsbuild stop ${nameOf(record)}`, cause },
    );
  }
}
