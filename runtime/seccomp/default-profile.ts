import { CAPABILITIES } from "../plan/capabilities.ts";
import { RETURN, type SeccompCondition, type SeccompProfile, type SeccompRule } from "./types.ts";

const EPERM = 1;
const ENOSYS = 38;

/** Calls that every container may make, by what they are about. */
const ALLOWED = [
  // Ids and capabilities
  "capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid",
  "getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32",
  "setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32",
  "setuid setuid32",
  // Extended attributes
  "fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr",
  "lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat",
  // Signals
  "alarm kill pause pidfd_send_signal rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn",
  "rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signalfd signalfd4",
  "sigprocmask sigreturn tgkill tkill",
  // Sockets
  "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64",
  "recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair",
  // Time and timers
  "adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64",
  "clock_nanosleep clock_nanosleep_time64 futex_time64 getitimer gettimeofday io_pgetevents_time64",
  "mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 nanosleep ppoll_time64",
  "pselect6_time64 sched_rr_get_interval_time64 semtimedop semtimedop_time64 setitimer time timer_create",
  "timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create",
  "timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times utime utimensat utimensat_time64",
  // Memory
  "brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall",
  "mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect",
  "process_mrelease remap_file_pages",
  // Processes and threads
  "epoll_pwait epoll_pwait2 epoll_wait execve execveat exit exit_group fork futex futex_requeue futex_wait",
  "futex_waitv futex_wake getcpu getpgid getpgrp getpid getppid getpriority getrlimit get_robust_list getrusage",
  "getsid get_thread_area gettid ioprio_get ioprio_set landlock_add_rule landlock_create_ruleset",
  "landlock_restrict_self pidfd_open prctl prlimit64 restart_syscall riscv_hwprobe rseq sched_getaffinity",
  "sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler",
  "sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp",
  "setpgid setpriority setrlimit set_robust_list setsid set_thread_area set_tid_address ugetrlimit uretprobe",
  "vfork wait4 waitid waitpid",
  // Queues and semaphores of System V and POSIX
  "ipc mq_getsetattr mq_notify mq_open mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop shmat shmctl",
  "shmdt shmget",
  // Waiting for many
  "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait_old eventfd eventfd2 fanotify_mark",
  "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents",
  "io_pgetevents io_setup io_submit _newselect poll ppoll pselect6 select",
  // Files
  "access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2",
  "fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64",
  "fdatasync flock fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd",
  "getdents getdents64 getrandom ioctl lchown lchown32 link linkat listmount _llseek lseek lstat lstat64 mkdir",
  "mkdirat mknod mknodat name_to_handle_at newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2",
  "pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile",
  "sendfile64 splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs",
  "sysinfo tee truncate truncate64 umask uname unlink unlinkat utimes vmsplice write writev",
].join(" ");

/** Calls that need a capability, and are let through to a container that has it; the kernel asks for it once more. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  BPF: "bpf",
  DAC_READ_SEARCH: "open_by_handle_at",
  PERFMON: "perf_event_open",
  SYS_ADMIN:
    "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules " +
    "lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname " +
    "sethostname setns syslog umount umount2 unshare",
  SYS_BOOT: "reboot",
  SYS_CHROOT: "chroot",
  SYS_MODULE: "delete_module finit_module init_module",
  SYS_NICE: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
  SYS_PACCT: "acct",
  SYS_PTRACE: "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
  SYS_RAWIO: "ioperm iopl",
  SYS_TIME: "clock_settime clock_settime64 settimeofday stime",
  SYS_TTY_CONFIG: "vhangup",
  SYSLOG: "syslog",
};

const BY_ARCHITECTURE: readonly (readonly [architectures: readonly string[], names: string])[] = [
  [["arm", "arm64"], "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2"],
  [["amd64"], "arch_prctl modify_ldt"],
];

/** Flags of clone(2) that make namespaces; CLONE_NEWTIME is none of them, its bit is taken there. */
const NEW_NAMESPACES = 0x7e020000n;

/** Personalities that change no address space layout: Linux, Linux 32, both with UNAME26, and the question which it is. */
const PERSONALITIES = [0x0n, 0x8n, 0x20000n, 0x20008n, 0xffffffffn];

/**
 * Address families of socket(2) that may be used: not DECnet (12), Econet (19), ATM SVC (20), IrDA (23), WAN pipes (25),
 * IUCV (34), CAIF (37), the crypto interface (38), VSOCK (40), which reaches the host past its network, or newer ones.
 */
const FAMILIES: readonly (readonly [from: bigint, to: bigint])[] = [
  [0n, 11n],
  [13n, 18n],
  [21n, 22n],
  [24n, 24n],
  [26n, 33n],
  [35n, 36n],
  [39n, 39n],
  [41n, 45n],
];

/** What docker lets a container call, rule for rule (moby profiles/seccomp/default.json of 2026). */
export const DEFAULT_PROFILE: SeccompProfile = {
  defaultAction: RETURN.errno | EPERM,
  architectures: ["x86_64", "x86", "x32", "aarch64", "arm"],
  rules: [
    allow(ALLOWED),
    // Before 4.8 a traced process could get past seccomp.
    { ...allow("process_vm_readv process_vm_writev ptrace"), where: { kernel: [4, 8] } },
    ...FAMILIES.map(([from, to]) => allow("socket", [first(">=", from), first("<=", to)])),
    ...PERSONALITIES.map((value) => allow("personality", [first("==", value)])),
    ...BY_ARCHITECTURE.map(([architectures, names]) => ({ ...allow(names), where: { architectures } })),
    ...Object.entries(BY_CAPABILITY).map(([name, names]) => ({
      ...allow(names),
      where: { capabilities: numbers(name) },
    })),
    {
      ...allow("clone", [{ ...first("masked==", 0n), mask: NEW_NAMESPACES }]),
      except: { capabilities: numbers("SYS_ADMIN") },
    },
    // Its flags lie in memory, where no filter sees them: C libraries then call clone.
    {
      names: ["clone3"],
      action: RETURN.errno | ENOSYS,
      except: { capabilities: numbers("SYS_ADMIN") },
    },
  ],
};

function allow(names: string, conditions: readonly SeccompCondition[] = []): SeccompRule {
  return { names: names.split(" "), action: RETURN.allow, conditions };
}

function first(operator: SeccompCondition["operator"], value: bigint): SeccompCondition {
  return { argument: 0, operator, value };
}

function numbers(name: string): number[] {
  return [CAPABILITIES.get(name) ?? -1];
}
