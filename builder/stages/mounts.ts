import { cleanPath, resolveAgainst } from "../core/paths.ts";
import type { Flag } from "../dockerfile/types.ts";
import type { Work } from "./context.ts";
import { MountError, parseMount, type MountOptions } from "./mount-options.ts";
import { sourceOf } from "./sources.ts";
import type { Mount, Source } from "./types.ts";
import type { Scope } from "./variables.ts";

/** RUN --mount, every one: a bad one is reported and left out. */
export function planMounts(flags: readonly Flag[], work: Work, scope: Scope): readonly Mount[] {
  const mounts: Mount[] = [];
  for (const flag of flags) {
    if (flag.name !== "mount") continue;
    const { range } = flag;
    try {
      const options = parseMount(flag.value?.raw ?? "", (raw) => work.expander.word({ raw, range }, scope));
      const sockets = mounts.filter((mount) => mount.type === "ssh").length;
      const from = options.from ? sourceOf(options.from, work) : undefined;
      mounts.push(inNamespace(toMount(options, from, work.state.workdir, sockets), work));
    } catch (error) {
      if (!(error instanceof MountError)) throw error;
      const written = flag.value?.raw ?? "";
      work.problems.error("InvalidMount", `Cannot use --mount=${written}: ${error.message}`, range, {
        fix: error.fix,
      });
    }
  }
  return mounts;
}

/** BUILDKIT_CACHE_MOUNT_NS keeps the cache mounts of one project apart from another's. */
function inNamespace(mount: Mount, { buildArgs }: Work): Mount {
  const namespace = buildArgs.setting("BUILDKIT_CACHE_MOUNT_NS");
  return mount.type === "cache" && namespace !== "" ? { ...mount, id: `${namespace}/${mount.id}` } : mount;
}

/** Defaults as in BuildKit's convert_runmount.go, convert_secrets.go and convert_ssh.go. */
function toMount(options: MountOptions, from: Source | undefined, workdir: string, sockets: number): Mount {
  switch (options.type) {
    case "bind": {
      const target = targetOf(options, workdir);
      // Nothing can be read from an empty tree, and what is written to a bind mount is thrown away.
      if (from?.type === "scratch") return { type: "tmpfs", target };
      return {
        type: "bind",
        target,
        from: from ?? { type: "context", name: "" },
        source: cleanPath(`/${options.source ?? ""}`),
        readonly: options.readonly ?? true,
      };
    }
    case "cache":
      return {
        type: "cache",
        target: targetOf(options, workdir),
        id: options.id || cleanPath(options.target ?? ""),
        sharing: options.sharing ?? "shared",
        readonly: options.readonly ?? false,
        from: from ?? { type: "scratch" },
        source: cleanPath(`/${options.source ?? ""}`),
        ...owner(options, 0o755),
      };
    case "tmpfs":
      return {
        type: "tmpfs",
        target: targetOf(options, workdir),
        ...(options.size === undefined ? {} : { size: options.size }),
      };
    case "secret":
      return secret(options, workdir);
    default:
      return {
        type: "ssh",
        id: options.id || "default",
        target: resolveAgainst(workdir, options.target || `/run/buildkit/ssh_agent.${sockets}`),
        required: options.required ?? false,
        ...owner(options, 0o600),
      };
  }
}

/** With `env` and no target there is no file. */
function secret(options: MountOptions, workdir: string): Mount {
  const { source, id: name, target, env } = options;
  if (source && name) throw new MountError("it has both id and source", "they mean the same: leave one out");
  const id = source || name || baseName(target ?? "");
  if (id === "") throw new MountError("a secret needs an id", "write id=NAME");
  const file = target || (env === undefined ? `/run/secrets/${baseName(id)}` : undefined);
  return {
    type: "secret",
    id,
    ...(file === undefined ? {} : { target: resolveAgainst(workdir, file) }),
    ...(env === undefined ? {} : { env }),
    required: options.required ?? false,
    ...owner(options, 0o400),
  };
}

function targetOf({ type, target }: MountOptions, workdir: string): string {
  const path = resolveAgainst(workdir, target ?? "");
  if (path === "/")
    throw new MountError(`a ${type} mount cannot cover the root directory`, "write target=/PATH");
  return path;
}

function owner(
  { mode, uid, gid }: MountOptions,
  defaultMode: number,
): { mode: number; uid: number; gid: number } {
  return { mode: mode ?? defaultMode, uid: uid ?? 0, gid: gid ?? 0 };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
