import { Fields } from "../image/fields.ts";
import type { ExecMount, ExecOp } from "../graph/types.ts";
import type { HostEntry } from "../../runtime/limits/types.ts";
import type { MountSpec, RunPlan } from "../../runtime/types.ts";
import type { StepMounts } from "./exec-mounts.ts";

/** A step that failed, as `tsbuild shell` enters it again: its plan without what must not be kept or is made anew. */
export interface FailedStep {
  readonly name: string;
  readonly network: ExecOp["network"];
  readonly security: ExecOp["security"];
  readonly hosts: readonly HostEntry[];
  /** Of its secrets and SSH agents nothing is kept but what they are to be given for. */
  readonly given: readonly Given[];
  readonly plan: KeptPlan;
  /** What its root filesystem lies upon; undefined where that is a whole tree. */
  readonly lowers?: readonly string[];
  /** Targets of mounts that ended with the build. */
  readonly lost: readonly string[];
}

type KeptPlan = Pick<
  RunPlan,
  "argv" | "env" | "cwd" | "uid" | "gid" | "groups" | "hostname" | "umask" | "capabilities" | "mounts"
>;

/** Mounts that hold what only the user has. */
export type Given = Extract<ExecMount, { type: "secret" | "ssh" }>;

/** Files that are made for each network. */
const NETWORK_FILES = ["/etc/hosts", "/etc/resolv.conf"];
const FORMAT = 1;

/** Writes down what a step was; undefined where it cannot be entered again. */
export function describeFailed(
  name: string,
  op: ExecOp,
  plan: RunPlan,
  mounts: StepMounts,
  hosts: readonly HostEntry[],
): string | undefined {
  const { root } = plan;
  if (root.kind !== "overlay" && root.kind !== "plain") return undefined;
  // Trees that are copied from are the build's own.
  const lost = root.kind === "plain" ? plan.mounts.filter(({ type }) => type === "layers") : [];
  const given = op.mounts.filter((mount): mount is Given => mount.type === "secret" || mount.type === "ssh");
  const dropped = new Set([...NETWORK_FILES, ...given.flatMap(({ target }) => target ?? [])]);
  const { argv, env, cwd, uid, gid, groups, hostname, umask, capabilities } = plan;
  const step: FailedStep = {
    name,
    network: op.network,
    security: op.security,
    hosts,
    given,
    plan: {
      argv,
      cwd,
      uid,
      gid,
      groups,
      hostname,
      umask,
      capabilities,
      env: env.filter((variable) => !mounts.env.includes(variable)),
      mounts: plan.mounts.filter((mount) => !dropped.has(mount.target) && !lost.includes(mount)),
    },
    ...(root.kind === "overlay" && { lowers: root.lowers }),
    lost: lost.map(({ target }) => target),
  };
  return JSON.stringify({
    format: FORMAT,
    ...step,
    plan: { ...step.plan, mounts: step.plan.mounts.map(asText) },
  });
}

/** A mount as JSON has it. */
function asText(mount: MountSpec): unknown {
  if (mount.type !== "file") return mount;
  return { ...mount, data: { base64: Buffer.from(mount.data).toString("base64") } };
}

/** Reads it; throws where it is damaged. */
export function readFailed(value: unknown): FailedStep {
  const fields = new Fields(value, "the failed step");
  const plan = fields.object("plan");
  const network = fields.string("network");
  const lowers = fields.strings("lowers");
  return {
    name: fields.string("name"),
    network: network === "host" || network === "none" ? network : "default",
    security: fields.string("security") === "insecure" ? "insecure" : "sandbox",
    hosts: (fields.objects("hosts") ?? []).map((one) => ({
      name: one.string("name"),
      address: one.string("address"),
    })),
    given: (fields.objects("given") ?? []).map(readGiven),
    plan: {
      argv: plan.strings("argv") ?? [],
      env: plan.strings("env") ?? [],
      cwd: plan.string("cwd"),
      uid: plan.size("uid"),
      gid: plan.size("gid"),
      groups: plan.integers("groups") ?? [],
      hostname: plan.string("hostname"),
      umask: plan.size("umask"),
      capabilities: plan.integers("capabilities") ?? [],
      mounts: (plan.objects("mounts") ?? []).map(readMount),
    },
    ...(lowers && { lowers }),
    lost: fields.strings("lost") ?? [],
  };
}

function readGiven(fields: Fields): Given {
  const [id, target, variable] = [
    fields.string("id"),
    fields.optionalString("target"),
    fields.optionalString("env"),
  ];
  const owner = { mode: fields.size("mode"), uid: fields.size("uid"), gid: fields.size("gid") };
  // What is not given again is not there: the shell opens all the same.
  if (fields.string("type") === "ssh")
    return { type: "ssh", id, target: target ?? "", required: false, ...owner };
  return {
    type: "secret",
    id,
    required: false,
    ...(target !== undefined && { target }),
    ...(variable !== undefined && { env: variable }),
    ...owner,
  };
}

function readMount(fields: Fields): MountSpec {
  const [type, target] = [fields.string("type"), fields.string("target")];
  const flag = (key: string): boolean => fields.optionalObject("flags")?.optionalBoolean(key) ?? false;
  const flags = {
    readonly: flag("readonly"),
    nosuid: flag("nosuid"),
    nodev: flag("nodev"),
    noexec: flag("noexec"),
  };
  const writable = fields.optionalBoolean("writable") ?? false;
  switch (type) {
    case "proc":
    case "mqueue":
    case "devpts":
    case "mask":
    case "readonly":
      return { type, target };
    case "sysfs":
    case "cgroup":
      return { type, target, writable };
    case "dev":
      return { type, target, shmSize: fields.size("shmSize") };
    case "tmpfs":
      return {
        type,
        target,
        flags,
        mode: fields.size("mode"),
        ...(fields.has("size") && { size: fields.size("size") }),
      };
    case "bind": {
      const subpath = fields.optionalString("subpath");
      const [source, recursive] = [fields.string("source"), fields.optionalBoolean("recursive") ?? false];
      return { type, target, source, recursive, flags, ...(subpath !== undefined && { subpath }) };
    }
    case "layers":
      return { type, target, flags, lowers: fields.strings("lowers") ?? [], source: fields.string("source") };
    case "file": {
      const data = Buffer.from(fields.object("data").string("base64"), "base64");
      return {
        type,
        target,
        data,
        flags,
        mode: fields.size("mode"),
        uid: fields.size("uid"),
        gid: fields.size("gid"),
      };
    }
    default:
      throw fields.invalid(`it has a mount of kind "${type}"`);
  }
}
