#include "supervise/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "container/credentials.h"
#include "supervise/ownership.h"
#include "supervise/undelivered.h"
#include "container/report.h"
#include "base/sys.h"

#if defined(__x86_64__)
static const unsigned ARCHITECTURE = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static const unsigned ARCHITECTURE = AUDIT_ARCH_AARCH64;
#endif

/* Newer than the headers that we build with. */
enum { WAIT_KILLABLE = 1 << 5, ADDFD_SEND = 1 << 1, SYNC_WAKE_UP = 1 };

/* Those of which the kernel keeps in mind that the filter lets all others through: they cost nothing. */
static const unsigned CALLS[] = {
#ifdef SYS_open
    SYS_chown, SYS_lchown, SYS_chmod, SYS_stat, SYS_lstat, SYS_mkdir, SYS_mknod, SYS_symlink, SYS_creat,
    SYS_rename, SYS_link, SYS_unlink, SYS_rmdir,
#endif
    SYS_fchown, SYS_fchownat, SYS_fchmod, SYS_fchmodat, SYS_FCHMODAT2, SYS_fstat, SYS_newfstatat, SYS_statx,
    SYS_OPENAT2, SYS_mkdirat, SYS_mknodat, SYS_symlinkat, SYS_renameat, SYS_renameat2, SYS_linkat, SYS_unlinkat,
    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
    SYS_listxattr, SYS_llistxattr, SYS_flistxattr, SYS_chroot, SYS_pivot_root,
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getresuid, SYS_getresgid, SYS_getgroups,
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups,
    SYS_setfsuid, SYS_setfsgid};

/* Opening is of interest only where it makes a file or is for writing; the flags' argument, by call. */
static const unsigned OPENING[][2] = {
#ifdef SYS_open
    {SYS_open, 1},
#endif
    {SYS_openat, 2}};

enum { COUNT = sizeof CALLS / sizeof *CALLS, OPENINGS = sizeof OPENING / sizeof *OPENING };

static struct sock_filter load(size_t offset) {
  return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset);
}

static struct sock_filter answer(unsigned action) {
  return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

static int install(unsigned flags) {
  struct sock_filter filter[5 + 2 * COUNT + 4 * OPENINGS];
  unsigned short at = 0;
  filter[at++] = load(offsetof(struct seccomp_data, arch));
  filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
  filter[at++] = answer(SECCOMP_RET_ALLOW);
  filter[at++] = load(offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < COUNT; i++) {
    filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[i], 0, 1);
    filter[at++] = answer(SECCOMP_RET_USER_NOTIF);
  }
  for (size_t i = 0; i < OPENINGS; i++) {
    filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OPENING[i][0], 0, 3);
    filter[at++] = load(offsetof(struct seccomp_data, args) + OPENING[i][1] * sizeof(uint64_t));
    filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT | O_WRONLY | O_RDWR, 0, 1);
    filter[at++] = answer(SECCOMP_RET_USER_NOTIF);
  }
  filter[at++] = answer(SECCOMP_RET_ALLOW);
  struct sock_fprog program = {at, filter};
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, &program);
}

/* What the supervisor has to answer with; `undelivered` is NULL where no signal takes a thread out of a call. */
struct desk {
  int listener;
  struct people *people;
  struct owners *owners;
  struct undelivered *undelivered;
};

/* Gives the caller a descriptor as the result of its call. */
static int64_t hand_over(int listener, const struct seccomp_notif *call, const struct outcome *outcome) {
  struct seccomp_notif_addfd add = {.id = call->id, .flags = ADDFD_SEND, .srcfd = (uint32_t)outcome->fd,
                                    .newfd_flags = outcome->close_on_exec ? O_CLOEXEC : 0};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno : 0;
}

/* False where the thread is not in that call any more: a signal took it out, or it has ended. */
static bool respond(int listener, const struct seccomp_notif *call, const struct outcome *outcome) {
  struct seccomp_notif_resp response = {.id = call->id};
  int64_t result = outcome->result;
  if (outcome->fd >= 0) {
    result = hand_over(listener, call, outcome);
    if (result == 0) return true;
    if (result == -ENOENT || result == -ESRCH) return false;
  }
  if (outcome->goes_on) response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  else if (result < 0) response.error = (int)result;
  else response.val = result;
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0 || errno != ENOENT;
}

static void serve(const struct desk *desk) {
  struct seccomp_notif call;
  memset(&call, 0, sizeof call);
  if (ioctl(desk->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) return;
  struct outcome outcome = {.fd = -1};
  bool waits = desk->undelivered && undelivered_take(desk->undelivered, &call, &outcome);
  if (!waits && !people_answer(desk->people, &call, &outcome.result))
    outcome = ownership_answer(&(struct asked){&call, desk->owners, desk->people});
  bool heard = respond(desk->listener, &call, &outcome);
  if (!heard && desk->undelivered && !outcome.goes_on) undelivered_keep(desk->undelivered, &call, &outcome);
  else if (outcome.fd >= 0) close(outcome.fd);
}

static void note_known(struct owners *owners, const struct strings *known) {
  for (size_t i = 0; i < known->count; i++) {
    unsigned uid, gid;
    int begin = 0;
    struct stat st;
    if (sscanf(known->items[i], "%u:%u:%n", &uid, &gid, &begin) != 2 || begin == 0) continue;
    if (fstatat(AT_FDCWD, known->items[i] + begin, &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) owners_note(owners, &st, uid, gid);
  }
}

static _Noreturn void supervise(int socket, struct owners *owners, const struct strings *known) {
  struct report report;
  struct desk desk = {-1, people_new(), owners, NULL};
  struct pollfd wait = {socket, POLLIN, 0};
  prctl(PR_SET_NAME, "tsbuild-owners");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_from_except(0, socket);
  struct stat root;
  if (stat("/", &root) == 0) owners_begin(owners, root.st_dev);
  if (chdir("/") == 0) note_known(owners, known);
  while (poll(&wait, 1, -1) < 0) continue;
  if (!report_receive(socket, &report, &desk.listener) || desk.listener < 0) _exit(0);
  close(socket);
  if (!report.value) desk.undelivered = undelivered_new();
  ioctl(desk.listener, SECCOMP_IOW(4, uint64_t), SYNC_WAKE_UP);
  /* Until the container's first process ends, and all with it. */
  for (;;) serve(&desk);
}

int supervisor_start(struct owners *owners, const struct strings *known, struct error *error) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return fail(error, errno, "Cannot make a socket");
  pid_t pid = fork();
  if (pid == 0) supervise(pair[1], owners, known);
  close(pair[1]);
  return pid > 0 ? pair[0] : fail(error, errno, "Cannot fork");
}

int supervisor_follow(int socket) {
  int listener = install(WAIT_KILLABLE);
  bool undisturbed = listener >= 0;
  if (listener < 0 && errno == EINVAL) listener = install(0);
  if (listener < 0) return -1;
  report_send(socket, &(struct report){.kind = REPORT_RUNNING, .value = undisturbed}, listener);
  close(listener);
  close(socket);
  return 0;
}
