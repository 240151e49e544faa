import { imageLayers } from "./image-layers.ts";
import type { Contexts } from "./open-contexts.ts";
import type { OpServices } from "./ops/types.ts";
import type { Session } from "./session.ts";

/** What the ops of one build work with. */
export function opServices(session: Session, contexts: Contexts, epoch: number | undefined): OpServices {
  const times = epoch === undefined ? {} : { epoch };
  return {
    helper: session.helper,
    context: (name) => contexts.get(name),
    tree: (rootfs) => session.trees.of(rootfs),
    withTars: (work) => session.trees.withTars(work),
    seal: (changes, signal) => session.layers.seal(changes, { signal, ...times }),
    adopt: (upper, lower) => session.layers.adopt(upper, lower, times),
    discard: (directory) =>
      session.layers.background(session.helper().then((helper) => helper.remove([directory]))),
    tempPath: (label) => session.store.tempPath(label),
    imageLayers: (op, { emit, signal, vertex }) => imageLayers(session, op, { emit, signal, id: vertex.id }),
    now: epoch ?? Math.floor(Date.now() / 1000),
  };
}
