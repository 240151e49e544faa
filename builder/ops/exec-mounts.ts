import { editTree } from "../layers/edit.ts";
import { bytesOf } from "../core/bytes.ts";
import { TsbuildError } from "../core/errors.ts";
import { insideRoot } from "../core/paths.ts";
import { registerSecret } from "../core/redact.ts";
import type { ExecMount, ExecOp } from "../graph/types.ts";
import type { TreeEditor } from "../layers/types.ts";
import { CONTENT } from "../../runtime/mounts/cache-mounts.ts";
import type { MountSpec, RootSpec } from "../../runtime/types.ts";
import { ROOT } from "./copy/owner.ts";
import { planCopy, type CopySourceTree } from "./copy/plan.ts";
import { selectSources } from "./copy/select.ts";
import { COPIED, copyOf } from "./exec-content.ts";
import { inputAt } from "./inputs.ts";
import { sourceTree } from "./source-tree.ts";
import type { Inputs, OpServices, Step } from "./types.ts";

/** What the mounts of one step come to; disposing gives back what they hold. */
export interface StepMounts extends Disposable {
  readonly specs: readonly MountSpec[];
  readonly env: readonly string[];
  /** Values that no output may show. */
  readonly secrets: readonly Buffer[];
}

type Bind = Extract<ExecMount, { type: "bind" }>;
type Cache = Extract<ExecMount, { type: "cache" }>;
type Secret = Extract<ExecMount, { type: "secret" }>;
type Ssh = Extract<ExecMount, { type: "ssh" }>;

/** Makes ready what the mounts of a step need. */
export async function openMounts(
  services: OpServices,
  op: ExecOp,
  inputs: Inputs,
  step: Step,
): Promise<StepMounts> {
  const specs: MountSpec[] = [];
  const env: string[] = [];
  const secrets: Buffer[] = [];
  const held: Disposable[] = [];
  const release = (): void => held.splice(0).forEach((one) => one[Symbol.dispose]());
  try {
    const caches = await openCaches(services, op, inputs, step, held);
    for (const mount of op.mounts) {
      switch (mount.type) {
        case "bind":
          specs.push(await bindSpec(services, mount, inputs, step));
          break;
        case "cache": {
          const subpath = mount.input === undefined && mount.source !== "/" ? { subpath: mount.source } : {};
          specs.push({
            type: "bind",
            target: mount.target,
            source: caches.get(mount.id) ?? "",
            ...subpath,
            recursive: false,
            flags: { readonly: mount.readonly },
          });
          break;
        }
        case "tmpfs":
          specs.push({
            type: "tmpfs",
            target: mount.target,
            mode: 0o1777,
            flags: { nosuid: true },
            ...(mount.size === undefined ? {} : { size: mount.size }),
          });
          break;
        case "secret":
        case "ssh":
          give(services, mount, { specs, env, secrets });
          break;
      }
    }
  } catch (error) {
    release();
    throw error;
  }
  return { specs, env, secrets, [Symbol.dispose]: release };
}

/** Adds what only the user has, where it was given. */
export function give(
  services: Pick<OpServices, "secret" | "sshSocket">,
  mount: Secret | Ssh,
  to: { readonly specs: MountSpec[]; readonly env: string[]; readonly secrets: Buffer[] },
): void {
  if (mount.type === "secret") {
    const value = secretValue(services, mount);
    if (value === undefined) return;
    to.secrets.push(value);
    if (mount.env !== undefined) to.env.push(`${mount.env}=${value.toString("utf8")}`);
    if (mount.target !== undefined) to.specs.push(secretSpec(mount, mount.target, value));
    return;
  }
  const socket = sshSocket(services, mount);
  if (socket === undefined) return;
  to.specs.push({ type: "bind", target: mount.target, source: socket, recursive: false, flags: {} });
  to.env.push(`SSH_AUTH_SOCK=${mount.target}`);
}

async function bindSpec(services: OpServices, mount: Bind, inputs: Inputs, step: Step): Promise<MountSpec> {
  const { lowers, source } = await mountedRoot(services, mount.input, mount.source, inputs, step);
  return { type: "layers", target: mount.target, lowers, source, flags: { readonly: mount.readonly } };
}

/** Snapshots that hold what a mount shows: an input's own, or, of a build context, a layer made of the part that is asked for. */
async function mountedRoot(
  services: OpServices,
  input: number,
  source: string,
  inputs: Inputs,
  step: Step,
): Promise<{ lowers: string[]; source: string }> {
  const from = inputAt(inputs, input);
  const roots = await services.stepRoots();
  if (from.vertex.op.type !== "context") return { lowers: await roots.lowers(from.result.rootfs), source };
  const tree = await sourceTree(services, from, false);
  const layer = await services.seal((await partOf(services, tree, source, COPIED)).changes(), step.signal);
  return { lowers: await roots.lowers([layer]), source: COPIED };
}

/** Paths by id. In the order of ids: steps that wait for each other's locks must not do so in a circle. */
async function openCaches(
  services: OpServices,
  op: ExecOp,
  inputs: Inputs,
  step: Step,
  held: Disposable[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = op.mounts.filter((mount) => mount.type === "cache");
  const paths = new Map<string, string>();
  for (const mount of wanted.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (paths.has(mount.id)) continue;
    const cache = await openCacheMount(services, mount, inputs, step);
    held.push(cache);
    paths.set(mount.id, cache.path);
  }
  return paths;
}

function openCacheMount(
  services: OpServices,
  mount: Cache,
  inputs: Inputs,
  step: Step,
): Promise<{ readonly path: string } & Disposable> {
  const { id, sharing, mode, uid, gid, input, source } = mount;
  return services.openCacheMount(
    id,
    sharing,
    async () => {
      if (input === undefined) return { kind: "empty", mode, uid, gid };
      return { kind: "copy", root: await beginningOf(services, input, source, inputs, step) };
    },
    step.signal,
  );
}

/** What a cache mount begins with. */
async function beginningOf(
  services: OpServices,
  input: number,
  path: string,
  inputs: Inputs,
  step: Step,
): Promise<RootSpec> {
  const source = await sourceTree(services, inputAt(inputs, input), true);
  const layer = await services.withTars(async () =>
    services.seal((await partOf(services, source, path, CONTENT)).changes(), step.signal),
  );
  return { kind: "layers", lowers: await (await services.stepRoots()).lowers([layer]) };
}

/** Part of a tree at `dest`. A directory is mounted as what it is, where COPY would make one for its contents. */
async function partOf(
  services: OpServices,
  source: CopySourceTree,
  path: string,
  dest: string,
): Promise<TreeEditor> {
  const editor = editTree(await services.tree([]));
  await planCopy({ ...copyOf(path), dest }, [source], editor, { now: services.now });
  const [selected] = selectSources(source.tree, path, source.describeMissing);
  const entry = selected?.entry;
  if (entry?.type === "directory" && selected?.path !== "") {
    const { uid, gid } = source.keepOwner ? entry : ROOT;
    editor.put({ ...entry, path: insideRoot(bytesOf(dest)), uid, gid });
  }
  return editor;
}

function secretSpec(mount: Secret, target: string, data: Buffer): MountSpec {
  const { mode, uid, gid } = mount;
  return {
    type: "file",
    target,
    data,
    mode,
    uid,
    gid,
    flags: { readonly: true, nosuid: true, nodev: true, noexec: true },
  };
}

function secretValue(services: Pick<OpServices, "secret">, mount: Secret): Buffer | undefined {
  const value = services.secret(mount.id);
  if (value !== undefined) registerSecret(value.toString("utf8"));
  else if (mount.required) throw missing("secret", mount.id, `give it with --secret id=${mount.id},src=FILE`);
  return value;
}

function sshSocket(services: Pick<OpServices, "sshSocket">, mount: Ssh): string | undefined {
  const socket = services.sshSocket(mount.id);
  if (socket === undefined && mount.required)
    throw missing("SSH agent", mount.id, `give it with --ssh ${mount.id}`);
  return socket;
}

function missing(what: string, id: string, hint: string): TsbuildError {
  return new TsbuildError("USAGE", `Cannot mount ${what} "${id}": the build was given none`, { hint });
}
