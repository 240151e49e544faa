#include "namespaces/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

/* No groups, root, and as open to be looked at by this user as before. */
static int become_root(struct error *error) {
  /* Not allowed with a single id (user_namespaces(7)): then the caller's groups stay. */
  if (setgroups(0, NULL) < 0 && errno != EPERM) return fail(error, errno, "Cannot leave the caller's groups");
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
    return fail(error, errno, "Cannot become root of a user namespace");
  /* The change of ids cleared it, and /proc/self would belong to nobody here. */
  prctl(PR_SET_DUMPABLE, 1);
  return 0;
}

int join_user_namespace(const char *path, struct error *error) {
  cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWUSER) < 0) return fail(error, errno, "Cannot join the user namespace of a container");
  return become_root(error);
}

int enter_user_namespace(struct lane *control, struct error *error) {
  struct frame frame;
  if (unshare(CLONE_NEWUSER) < 0) return fail(error, errno, "Cannot make a user namespace");
  send_empty(control, FRAME_MAP);
  lane_read(control, &frame);
  if (frame.type != FRAME_MAPPED) return fail(error, EPROTO, "Cannot map the ids of a user namespace");
  return become_root(error);
}

int enter_mount_namespace(struct error *error) {
  if (unshare(CLONE_NEWNS) < 0) return fail(error, errno, "Cannot make a mount namespace");
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) return fail(error, errno, "Cannot keep mounts from the host");
  return 0;
}
