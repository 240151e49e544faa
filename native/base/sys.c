#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  NR_MOVE_MOUNT = 429,
  NR_FSOPEN = 430,
  NR_FSCONFIG = 431,
  NR_FSMOUNT = 432,
  NR_CLONE3 = 435,
  NR_CLOSE_RANGE = 436,
  NR_MOUNT_SETATTR = 442
};

struct attributes {
  uint64_t set, clear, propagation, userns_fd;
};

int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct how how = {flags | O_CLOEXEC, mode, resolve};
  for (;;) {
    int fd = (int)syscall(SYS_OPENAT2, dir, path, &how, sizeof how);
    /* EAGAIN: a rename somewhere while `..` was resolved; openat2(2) says to try again. */
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return fd;
  }
}

#ifdef CLASSIC_MOUNTS
/* As on a kernel before 6.5, for the tests. */
int sys_fsopen(const char *type) {
  (void)type;
  errno = ENOSYS;
  return -1;
}
#else
int sys_fsopen(const char *type) {
  enum { FSOPEN_CLOSE_ON_EXEC = 1 };
  return (int)syscall(NR_FSOPEN, type, FSOPEN_CLOSE_ON_EXEC);
}
#endif

int sys_fsconfig(int fs, unsigned command, const char *key, const char *value) {
  return (int)syscall(NR_FSCONFIG, fs, command, key, value, 0);
}

int sys_fsmount(int fs, unsigned attributes) {
  enum { FSMOUNT_CLOSE_ON_EXEC = 1 };
  return (int)syscall(NR_FSMOUNT, fs, FSMOUNT_CLOSE_ON_EXEC, attributes);
}

int sys_move_mount(int from, const char *to) {
  enum { FROM_EMPTY_PATH = 4, TO_SYMLINKS = 0x10 };
  return (int)syscall(NR_MOVE_MOUNT, from, "", AT_FDCWD, to, FROM_EMPTY_PATH | TO_SYMLINKS);
}

int sys_mount_setattr_recursive(int mount, uint64_t set) {
  enum { RECURSIVE = 0x8000 };
  struct attributes attributes = {.set = set};
  return (int)syscall(NR_MOUNT_SETATTR, mount, "", AT_EMPTY_PATH | RECURSIVE, &attributes, sizeof attributes);
}

void close_on_exec_from(int first) {
  enum { CLOEXEC_ONLY = 4 };
  if (syscall(NR_CLOSE_RANGE, first, ~0U, CLOEXEC_ONLY) == 0) return;
  for (int fd = first, limit = (int)sysconf(_SC_OPEN_MAX); fd < limit; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void close_from_except(int first, int kept) {
  if ((kept <= first || syscall(NR_CLOSE_RANGE, first, kept - 1, 0) == 0) &&
      syscall(NR_CLOSE_RANGE, kept + 1 > first ? kept + 1 : first, ~0U, 0) == 0)
    return;
  for (int fd = first, limit = (int)sysconf(_SC_OPEN_MAX); fd < limit; fd++)
    if (fd != kept) close(fd);
}

int sys_pivot_root(const char *new_root, const char *put_old) {
  return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int new_session_keyring(void) {
  enum { JOIN_SESSION_KEYRING = 1 };
  if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL, 0, 0, 0) >= 0) return 0;
  /* A kernel without keyrings, or a seccomp filter around us that hides them from the step just as well. */
  return errno == ENOSYS || errno == EPERM ? 0 : -1;
}

pid_t sys_clone_into(uint64_t flags, int group) {
  const uint64_t INTO_CGROUP = 0x200000000;
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
  } args = {.flags = flags | INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)group};
  return (pid_t)syscall(NR_CLONE3, &args, sizeof args);
}
