import { unreachable } from "../../builder/core/errors.ts";
import type { Entry } from "../../builder/core/entry.ts";
import { toBuffer } from "../../builder/core/bytes.ts";
import type { MountFlags, MountSpec, PlainRoot, RootSpec, RunPlan, RunningRoot } from "../types.ts";
import { ENTRY_TYPES, FLAG, FRAME, MOUNT_TYPES, PLAN, RESTARTS, ROOT } from "./protocol.ts";
import type { FrameReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

/** Later than any time of a file. */
export const NO_EPOCH = Number.MAX_SAFE_INTEGER;

export function putRoot(writer: FrameWriter, root: RootSpec | RunningRoot | PlainRoot): FrameWriter {
  switch (root.kind) {
    case "container":
      return writer.u8(ROOT.CONTAINER).u32(root.pid).u64(root.start);
    case "plain":
      return writer
        .u8(ROOT.PLAIN)
        .text(root.path)
        .text(root.aside)
        .u64(root.epoch ?? NO_EPOCH);
    case "layers":
      return writer.u8(ROOT.LAYERS).texts(root.lowers);
    case "overlay":
      return writer
        .u8(ROOT.OVERLAY)
        .texts(root.lowers)
        .text(root.upper)
        .text(root.work)
        .u8(root.synced ? 1 : 0);
    case "directory":
      return writer.u8(ROOT.DIRECTORY).text(root.path);
    default:
      return unreachable(root);
  }
}

export interface RunWay {
  readonly stdin: boolean;
  readonly detached: boolean;
  /** Of a plain root: what the command changes is told. */
  readonly changes: boolean;
}

/** The whole RUN frame. */
export function putPlan(writer: FrameWriter, plan: RunPlan, way: RunWay): FrameWriter {
  putRoot(writer.begin(FRAME.RUN), plan.root).u32(plan.mounts.length);
  for (const mount of plan.mounts) putMount(writer, mount);
  writer.texts(plan.argv).texts(plan.env).text(plan.cwd).u32(plan.uid).u32(plan.gid);
  writer.u32(plan.groups.length);
  for (const group of plan.groups) writer.u32(group);
  writer.text(plan.hostname).u32(plan.umask);
  writer.u64(plan.capabilities.reduce((mask, capability) => mask + 2 ** capability, 0));
  writer
    .u32(planFlags(plan, way))
    .u32(plan.columns ?? 0)
    .u32(plan.rows ?? 0)
    .bytes(plan.seccomp ?? new Uint8Array());
  writer.u32(plan.limits?.length ?? 0);
  for (const { resource, soft, hard } of plan.limits ?? [])
    writer.u32(resource).u64(finite(soft)).u64(finite(hard));
  writer
    .texts(plan.cgroups ?? [])
    .text(typeof plan.network === "string" ? "" : plan.network.path)
    .text(plan.state ?? "")
    .u32(plan.owners?.length ?? 0);
  for (const owner of plan.owners ?? []) writer.name(owner);
  const { when, most } = plan.restart ?? { when: "no", most: 0 };
  return writer.u8(RESTARTS.indexOf(when)).u32(most).end();
}

/** RLIM_INFINITY is all ones: -1 in two's complement. */
function finite(limit: number): number {
  return Number.isFinite(limit) ? limit : -1;
}

function planFlags(plan: RunPlan, { stdin, detached, changes }: RunWay): number {
  return (
    (plan.noNewPrivileges ? PLAN.NO_NEW_PRIVILEGES : 0) |
    (plan.readonlyRoot ? PLAN.READONLY_ROOT : 0) |
    (plan.network === "none" ? PLAN.NO_NETWORK : 0) |
    (plan.init ? PLAN.INIT : 0) |
    (plan.stdio === "terminal" ? PLAN.TERMINAL : 0) |
    (stdin ? PLAN.STDIN : 0) |
    (detached ? PLAN.DETACHED : 0) |
    (plan.removeState === true ? PLAN.REMOVE : 0) |
    (plan.recordOwners === true ? PLAN.OWNERS : 0) |
    (plan.hold === true ? PLAN.HOLD : 0) |
    (plan.ready === undefined ? 0 : PLAN.WAIT) |
    (changes ? PLAN.CHANGES : 0)
  );
}

function putMount(writer: FrameWriter, mount: MountSpec): void {
  writer.u8(MOUNT_TYPES.indexOf(mount.type)).text(mount.target);
  switch (mount.type) {
    case "tmpfs":
      writer
        .u32(mount.mode)
        .u64(mount.size ?? 0)
        .u32(flagsOf(mount.flags));
      return;
    case "dev":
      writer.u64(mount.shmSize);
      return;
    case "bind":
      writer.text(mount.source).text(mount.subpath ?? "");
      writer.u32(flagsOf(mount.flags)).u8(mount.recursive ? 1 : 0);
      return;
    case "file":
      writer.bytes(mount.data).u32(mount.mode).u32(mount.uid).u32(mount.gid).u32(flagsOf(mount.flags));
      return;
    case "layers":
      writer.texts(mount.lowers).text(mount.source);
      writer
        .text(mount.kept?.upper ?? "")
        .text(mount.kept?.work ?? "")
        .u8(mount.kept?.synced ? 1 : 0)
        .u32(flagsOf(mount.flags));
      return;
    case "sysfs":
    case "cgroup":
      writer.u32(flagsOf({ readonly: mount.writable !== true, nosuid: true, nodev: true, noexec: true }));
      return;
    case "proc":
    case "mqueue":
    case "devpts":
    case "mask":
    case "readonly":
      return;
    default:
      unreachable(mount);
  }
}

function flagsOf(flags: MountFlags): number {
  return (
    (flags.readonly === true ? FLAG.READONLY : 0) |
    (flags.nosuid === true ? FLAG.NOSUID : 0) |
    (flags.nodev === true ? FLAG.NODEV : 0) |
    (flags.noexec === true ? FLAG.NOEXEC : 0)
  );
}

/** One whole ENTRY frame. */
export function putEntry(writer: FrameWriter, entry: Entry): void {
  const xattrs = Object.entries(entry.xattrs ?? {});
  writer.begin(FRAME.ENTRY).u8(ENTRY_TYPES.indexOf(entry.type)).u32(entry.mode).u32(entry.uid).u32(entry.gid);
  writer.u64(entry.type === "file" ? entry.size : 0).u64(entry.mtime);
  writer.name(entry.path).name(entry.link ?? "");
  writer
    .u32(entry.major ?? 0)
    .u32(entry.minor ?? 0)
    .u32(xattrs.length);
  for (const [name, value] of xattrs) writer.text(name).bytes(toBuffer(value));
  writer.end();
}

/** What `putEntry` wrote. */
export function getEntry(reader: FrameReader): Entry {
  const type = ENTRY_TYPES[reader.u8()] ?? "file";
  const [mode, uid, gid] = [reader.u32(), reader.u32(), reader.u32()];
  const [size, mtime] = [reader.i64(), reader.i64()];
  const path = reader.name();
  const link = reader.name();
  const [major, minor, count] = [reader.u32(), reader.u32(), reader.u32()];
  const entry = { path, type, mode, uid, gid, size, mtime };
  if (type === "symlink" || type === "hardlink") return { ...entry, link };
  if (type === "character" || type === "block") return { ...entry, major, minor };
  if (count === 0) return entry;
  return { ...entry, xattrs: { [reader.text()]: reader.bytes() } };
}
