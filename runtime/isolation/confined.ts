import { readFileSync } from "node:fs";

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
