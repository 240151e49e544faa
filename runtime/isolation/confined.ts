import { readFileSync } from "node:fs";

const PRIVILEGED = "--privileged (docker, podman) or securityContext.privileged: true (Kubernetes)";

/**
 * Why the kernel lets this process make no namespaces though its settings do, and the exact setting that would: a
 * container's seccomp filter denies unshare(2) to whoever has no CAP_SYS_ADMIN. Undefined where there is no filter.
 */
export function confinementHint(
  status: string = readFileSync("/proc/self/status", "utf8"),
): string | undefined {
  if (!/^Seccomp:\s*2$/m.test(status)) return undefined;
  return (
    "a seccomp filter holds this process, as in a container: start that with --security-opt seccomp=unconfined " +
    "(docker, podman) or securityContext.seccompProfile.type: Unconfined (Kubernetes)"
  );
}

/** The same by what the helper said that it could not do. */
export function refusalHint(said: string, status?: string): string | undefined {
  // The kernel mounts no new /proc where the one that is there is covered in part (mount_namespaces(7)).
  if (said.includes("mount proc"))
    return `a part of /proc is covered here, as in a container: start that with --security-opt systempaths=unconfined (docker), --security-opt unmask=ALL (podman), securityContext.procMount: Unmasked (Kubernetes), or ${PRIVILEGED}`;
  if (said.includes("Cannot mount"))
    return `a security module forbids mounts, as in a container: start that with --security-opt apparmor=unconfined (docker, podman), securityContext.appArmorProfile.type: Unconfined (Kubernetes), or ${PRIVILEGED}`;
  return confinementHint(status);
}
