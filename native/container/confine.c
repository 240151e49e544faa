#include "container/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

/* `tasks` of version 1 takes a single thread without waiting for all processors, as cgroup.procs does for 10 ms. */
static int open_procs(const char *group) {
  cleanup_free char *tasks = must_format("%s/tasks", group);
  int fd = open(tasks, O_WRONLY | O_CLOEXEC);
  if (fd >= 0) return fd;
  cleanup_free char *procs = must_format("%s/cgroup.procs", group);
  return open(procs, O_WRONLY | O_CLOEXEC);
}

static bool is_unified(const char *group) {
  struct statfs fs;
  return statfs(group, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

int open_unified_group(const struct plan *plan) {
  for (size_t i = 0; i < plan->cgroups.count; i++)
    if (is_unified(plan->cgroups.items[i])) return open(plan->cgroups.items[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
  return -1;
}

int join_cgroups(const struct plan *plan, bool in_unified, struct error *error) {
  for (size_t i = 0; i < plan->cgroups.count; i++) {
    if (in_unified && is_unified(plan->cgroups.items[i])) continue;
    cleanup_close int procs = open_procs(plan->cgroups.items[i]);
    /* 0 is whoever writes it, in every pid namespace (cgroups(7)). */
    if (procs < 0 || write(procs, "0", 1) != 1)
      return fail(error, errno, "Cannot enter control group '%s'", plan->cgroups.items[i]);
  }
  return 0;
}

static char *keeper_of(const char *group) {
  return must_format("%s/kept-%d", group, (int)getpid());
}

void keep_cgroups(const struct plan *plan) {
  for (size_t i = 0; i < plan->cgroups.count; i++) {
    cleanup_free char *keeper = keeper_of(plan->cgroups.items[i]);
    (void)!mkdir(keeper, 0755);
  }
}

void release_cgroups(const struct plan *plan) {
  for (size_t i = 0; i < plan->cgroups.count; i++) {
    cleanup_free char *keeper = keeper_of(plan->cgroups.items[i]);
    rmdir(keeper);
  }
}

int set_limits(const struct plan *plan, struct error *error) {
  for (size_t i = 0; i < plan->limit_count; i++) {
    const struct limit *limit = &plan->limits[i];
    struct rlimit value = {limit->soft, limit->hard};
    if (setrlimit((int)limit->resource, &value) < 0)
      return fail(error, errno, "Cannot set resource limit %u to %llu:%llu", limit->resource,
                  (unsigned long long)limit->soft, (unsigned long long)limit->hard);
  }
  return 0;
}

int install_filter(const struct plan *plan, struct error *error) {
  if (plan->seccomp.size == 0) return 0;
  /* The bytes lie in the frame at any address; the kernel reads them as they are, on a little-endian machine. */
  struct sock_fprog program = {(unsigned short)(plan->seccomp.size / sizeof(struct sock_filter)),
                               (struct sock_filter *)(uintptr_t)plan->seccomp.data};
  /* Without this flag, which Linux 4.17 brought, processors without a cure for store bypass run slower. */
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0) return 0;
  if (errno == EINVAL && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return 0;
  return fail(error, errno, "Cannot install the seccomp filter");
}
