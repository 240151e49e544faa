import { keepContentList } from "../context/content-list.ts";
import { imageLayers } from "../inputs/image-layers.ts";
import type { Contexts } from "../inputs/open-contexts.ts";
import { overlayRoots, type StepRoots } from "../ops/step-roots.ts";
import type { OpServices } from "../ops/types.ts";
import type { BuildSecrets } from "../session/secrets.ts";
import type { Session } from "../session/session.ts";
import { isIndexed } from "./is-readable.ts";
import type { SandboxLimits } from "../../runtime/limits/sandbox-limits.ts";
import type { SandboxSettings } from "../../runtime/limits/types.ts";
import type { CacheMounts } from "../../runtime/mounts/cache-mounts.ts";

/** What the ops of one build work with. */
export function opServices(
  session: Session,
  contexts: Pick<Contexts, "open" | "get">,
  secrets: BuildSecrets,
  epoch: number | undefined,
  sandbox: SandboxSettings,
): OpServices {
  let limits: Promise<SandboxLimits> | undefined;
  const secretOf = (id: string): Buffer | undefined => secrets.value(id);
  let cacheMounts: CacheMounts | undefined;
  let roots: Promise<StepRoots> | undefined;
  const times = epoch === undefined ? {} : { epoch };
  return {
    helper: session.helper,
    context: (name) => contexts.get(name),
    openContext: (name, signal) => contexts.open(name, signal),
    download: async (op, step) =>
      (await import("../inputs/fetch-files.ts")).downloadFile(session, op, step, secretOf),
    gitFiles: async (op, step) =>
      (await import("../inputs/fetch-files.ts")).gitFiles(session, op, step, secretOf),
    tree: (rootfs) => session.trees.of(rootfs),
    withTars: (work) => session.trees.withTars(work),
    keepContentList: (digest, list) => keepContentList(session.store, digest, list),
    seal: (changes, signal) => session.layers.seal(changes, { signal, ...times }),
    sealBeside: (changes, signal, kin, check) =>
      session.layers.sealBeside(changes, { signal, kin, check, ...times }),
    sealAhead: (changes, signal, kin) => session.layers.sealAhead(changes, { signal, kin, ...times }),
    isIndexed: (rootfs) => isIndexed(session, rootfs),
    tempPath: (label) => session.store.tempPath(label),
    stepRoots: () => (roots ??= openStepRoots(session, times)),
    imageLayers: (op, { emit, signal, vertex }) => imageLayers(session, op, { emit, signal, id: vertex.id }),
    networks: () => session.networks(reachesHost(sandbox)),
    async openCacheMount(id, sharing, ...request) {
      cacheMounts ??= new (await import("../../runtime/mounts/cache-mounts.ts")).CacheMounts(
        session.store,
        session.helper,
      );
      // A step by chroot has its cache's directory moved to where it sees it: nobody else can have it meanwhile.
      const alone = sharing === "shared" && (await session.form()) === "none";
      return cacheMounts.open(id, alone ? "locked" : sharing, ...request);
    },
    sandbox,
    limits: () => (limits ??= openLimits(session, sandbox)),
    secret: secretOf,
    sshSocket: (id) => secrets.sshSocket(id),
    ...times,
    now: epoch ?? Math.floor(Date.now() / 1000),
  };
}

async function openStepRoots(session: Session, times: { epoch?: number }): Promise<StepRoots> {
  const { layers, store, helper } = session;
  const tempPath = (label: string): string => store.tempPath(label);
  const remove = async (directory: string): Promise<void> => (await helper()).remove([directory]);
  const keepFailed = async (directory: string, record: string): Promise<void> =>
    (await import("../session/failed-steps.ts")).keepFailed(store, directory, record, remove);
  const { level } = (await session.isolated()).isolation;
  if (level !== "chroot") {
    return overlayRoots({
      single: level === "single",
      tempPath,
      remove,
      adopt: (upper, lower, owners) => layers.adopt(upper, lower, { ...times, owners }),
      discard: (directory) => layers.background(remove(directory)),
      keepFailed,
    });
  }
  const [{ plainRoots }, { PlainTrees }] = await Promise.all([
    import("../ops/plain-roots.ts"),
    import("../../runtime/layers/plain-trees.ts"),
  ]);
  const notice = (message: string): void => session.emit({ type: "notice", message });
  const trees = new PlainTrees({ helper, tempPath, readable: (rootfs) => session.trees.readable(rootfs) });
  return plainRoots({ trees, tempPath, ...times, record: () => layers.record(times), keepFailed, notice });
}

/** Whether a step is to reach this machine: --add-host NAME:host-gateway. */
function reachesHost({ hosts }: SandboxSettings): boolean {
  return hosts.some(({ address }) => address === "host-gateway");
}

async function openLimits(session: Session, settings: SandboxSettings): Promise<SandboxLimits> {
  const { SandboxLimits } = await import("../../runtime/limits/sandbox-limits.ts");
  return new SandboxLimits(settings, (message) => session.emit({ type: "notice", message }));
}
