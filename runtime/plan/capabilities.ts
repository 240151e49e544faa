/** Every capability by its number (linux/capability.h), without the CAP_ that all names begin with. */
const NAMES =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
  "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN " +
  "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE " +
  "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE";

/** Number of each capability by its name. */
export const CAPABILITIES: ReadonlyMap<string, number> = new Map(
  NAMES.split(" ").map((name, number) => [name, number]),
);

/** All there are: what RUN --security=insecure leaves to a step. A kernel without some of them leaves those out. */
export const ALL_CAPABILITIES: readonly number[] = [...CAPABILITIES.values()];

/** The 14 that docker and BuildKit leave to a container (moby daemon/pkg/oci/caps/defaults.go). */
export const DEFAULT_CAPABILITIES: readonly number[] = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31];
