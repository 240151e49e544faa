#include "container/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "container/confine.h"
#include "supervise/supervise.h"
#include "base/userns.h"

static int set_capabilities(uint64_t kept, struct error *error) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  for (int i = 0; i < 2; i++) {
    uint32_t half = (uint32_t)(kept >> (32 * i));
    /* Never inheritable: what is could come back through a file's capabilities (CVE-2022-27651). */
    data[i] = (struct __user_cap_data_struct){.effective = half, .permitted = half, .inheritable = 0};
  }
  if (syscall(SYS_capset, &header, data) < 0) return fail(error, errno, "Cannot set the capabilities");
  return 0;
}

static uint64_t held_capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0}, {0}};
  if (syscall(SYS_capget, &header, data) < 0) return 0;
  return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

static int drop_bounding(uint64_t kept, struct error *error) {
  for (unsigned long capability = 0; capability < 64; capability++) {
    if (kept >> capability & 1) continue;
    if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 &&
        (held_capabilities() >> CAP_SETPCAP & 1))
      return fail(error, errno, "Cannot drop capability %lu", capability);
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
    return fail(error, errno, "Cannot clear the ambient capabilities");
  return 0;
}

static int become_user(const struct plan *plan, struct error *error) {
  gid_t *groups = must_alloc((plan->group_count + 1) * sizeof *groups);
  for (size_t i = 0; i < plan->group_count; i++) groups[i] = plan->groups[i];
  int set = setgroups(plan->group_count, groups);
  free(groups);
  /* With a single id the kernel forbids it (user_namespaces(7)); then the caller's own groups cannot be left. */
  if (set < 0 && !(errno == EPERM && has_single_id())) return fail(error, errno, "Cannot set the supplementary groups");
  if (setresgid(plan->gid, plan->gid, plan->gid) < 0) return fail(error, errno, "Cannot become group %u", plan->gid);
  if (setresuid(plan->uid, plan->uid, plan->uid) < 0) return fail(error, errno, "Cannot become user %u", plan->uid);
  return 0;
}

int drop_privileges(const struct plan *plan, int supervisor, struct error *error) {
  uint64_t kept = plan->capabilities & held_capabilities();
  bool no_new = plan->flags & PLAN_NO_NEW_PRIVILEGES, nobody_else = false;
  if (set_limits(plan, error) < 0 || drop_bounding(kept, error) < 0) return -1;
  /* A filter needs CAP_SYS_ADMIN or no_new_privs; with the latter it can come last, and need not let the rest through. */
  if (!no_new && install_filter(plan, error) < 0) return -1;
  /* A kernel without user notification (before Linux 5.0) leaves root as the one user that there is. */
  if (supervisor >= 0 && supervisor_follow(supervisor) < 0) nobody_else = true;
  if (!nobody_else && become_user(plan, error) < 0) return -1;
  if (set_capabilities(plan->uid == 0 ? kept : 0, error) < 0) return -1;
  if (!no_new) return 0;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return fail(error, errno, "Cannot set no_new_privs");
  return install_filter(plan, error);
}

int confine_init(const struct plan *plan, struct error *error) {
  uint64_t kept = plan->capabilities & held_capabilities();
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return fail(error, errno, "Cannot hide the first process");
  return drop_bounding(kept, error) < 0 ? -1 : set_capabilities(kept, error);
}
