#include "container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "container/command.h"
#include "container/confine.h"
#include "container/device_filter.h"
#include "container/devices.h"
#include "container/init.h"
#include "container/mounts.h"
#include "namespaces/network.h"
#include "tree/overlay.h"
#include "plain/plain.h"
#include "container/privileges.h"
#include "container/report.h"
#include "container/restrict.h"
#include "tree/resolve.h"
#include "supervise/supervise.h"
#include "base/sys.h"
#include "base/userns.h"

/* Everything below runs in the container's first process, as root of its user namespace, until the command is executed. */

/*
 * Mounts the root filesystem and gives the worker a descriptor of it, for what is to be done when the step has ended.
 * A read-only root is a second mount over the first, which stays writable for that.
 */
static int mount_root(const struct container *container, struct error *error) {
  const struct plan *plan = container->plan;
  int root = root_mount(&plan->root, error);
  if (root < 0) return -1;
  report_send(container->status, &(struct report){.kind = REPORT_ROOT}, root);
  if (!(plan->flags & PLAN_READONLY_ROOT)) return root;
  const char *attach = root_attach_path(&plan->root);
  close(root);
  if (mount(attach, attach, NULL, MS_BIND, NULL) < 0) return fail(error, errno, "Cannot bind the root filesystem");
  root = open(attach, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return root >= 0 ? root : fail(error, errno, "Cannot open the root filesystem");
}

static bool has_all_devices(const struct plan *plan) {
  return plan->capabilities >> CAP_SYS_ADMIN & 1;
}

static int mount_all(const struct container *container, int root, struct terminal *terminal, struct error *error) {
  const struct plan *plan = container->plan;
  bool userns = in_user_namespace();
  /*
   * A user namespace opens no device but those that are bound. Root's own steps may make nodes of any (CAP_MKNOD), and an
   * image may bring some: without this, or a filter in its place, they would be the machine's disks.
   */
  bool devices = container->filtered || (!userns && has_all_devices(plan));
  struct mounter mounter = {root, container->stubs, root_attach_path(&plan->root), -1, userns, devices};
  if (!userns && !devices && restrict_mounts(root, MS_NODEV, false) < 0)
    return fail(error, errno, "Cannot restrict the root filesystem");
  for (size_t i = 0; i < plan->mount_count; i++)
    if (mount_one(&mounter, &plan->mounts[i], error) < 0) return -1;
  if ((plan->flags & PLAN_TERMINAL) && open_terminal(&mounter, plan, terminal, error) < 0) return -1;
  if (!(plan->flags & PLAN_READONLY_ROOT)) return 0;
  if (mount_on(root, NULL, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | (devices ? 0 : MS_NODEV), NULL) == 0) return 0;
  return fail(error, errno, "Cannot make the root filesystem read-only");
}

static int enter_root(int root, struct error *error) {
  if (fchdir(root) < 0) return fail(error, errno, "Cannot enter the root filesystem");
  if (sys_pivot_root(".", ".") == 0) {
    if (umount2(".", MNT_DETACH) < 0) return fail(error, errno, "Cannot detach the host's root filesystem");
  } else {
    /* The host's root is an initramfs, which cannot be pivoted (pivot_root(2)): cover it instead. */
    if (errno != EINVAL) return fail(error, errno, "Cannot pivot into the root filesystem");
    if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
      return fail(error, errno, "Cannot move the root filesystem");
  }
  return chdir("/") < 0 ? fail(error, errno, "Cannot enter the root filesystem") : 0;
}

static int enter_cwd(const struct container *container, struct error *error) {
  const struct plan *plan = container->plan;
  cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  cleanup_close int cwd = open_in_root(root, plan->cwd, O_PATH | O_DIRECTORY);
  cleanup_close int made = -1;
  /* Who comes later finds what there is, as with runc. */
  if (cwd < 0 && errno == ENOENT && !container->joined) {
    struct missing missing = {true, plan->uid, plan->gid, NULL};
    struct error why;
    made = make_in_root(root, plan->cwd, &missing, &why);
    if (made < 0) return fail(error, 0, "Cannot make working directory '%s': %s", plan->cwd, why.message);
  }
  char path[PATH_MAX + 16];
  if ((cwd < 0 && made < 0) || fchdir(cwd >= 0 ? cwd : made) < 0)
    return fail(error, errno, "Cannot enter working directory '%s'", plan->cwd);
  /* getcwd(2) begins with "(unreachable)" where the directory lies outside the root (CVE-2024-21626). */
  if (syscall(SYS_getcwd, path, sizeof path) < 0 || path[0] != '/')
    return fail(error, EXDEV, "Cannot enter working directory '%s'", plan->cwd);
  return 0;
}

static int set_up(const struct container *container, struct terminal *terminal, struct error *error) {
  const struct plan *plan = container->plan;
  umask(0);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return fail(error, errno, "Cannot make the mounts private");
  if (sethostname(plan->hostname, strlen(plan->hostname)) < 0) return fail(error, errno, "Cannot set the host name");
  if (*plan->network && join_network(plan->network, error) < 0) return -1;
  if ((plan->flags & PLAN_NO_NETWORK) && loopback_up(error) < 0) return -1;
  cleanup_close int root = mount_root(container, error);
  if (root < 0 || mount_all(container, root, terminal, error) < 0 || enter_root(root, error) < 0) return -1;
  if (enter_cwd(container, error) < 0) return -1;
  if (new_session_keyring() < 0) return fail(error, errno, "Cannot make a session keyring");
  return 0;
}

/* In a plain tree, without namespaces. */
static int set_up_plain(const struct container *container, struct terminal *terminal, struct error *error) {
  umask(0);
  cleanup_close int outside = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if ((container->plan->flags & PLAN_TERMINAL) && new_terminal(outside, container->plan, terminal, error) < 0) return -1;
  if (plain_enter(container->plain, error) < 0 || enter_cwd(container, error) < 0) return -1;
  if (new_session_keyring() < 0) return fail(error, errno, "Cannot make a session keyring");
  return 0;
}

/* Beside the processes of a container that runs already. */
static int set_up_joined(const struct container *container, struct terminal *terminal, struct error *error) {
  struct statvfs fs;
  bool shares = join_shares_group(container->joined);
  if (join_enter(container->joined, error) < 0) return -1;
  /* Where nodes can be opened, the group of the container is what keeps it from all but the usual ones. */
  bool held = shares || in_user_namespace() || has_all_devices(container->plan);
  if (!held && (statvfs("/", &fs) < 0 || !(fs.f_flag & ST_NODEV)))
    return fail(error, EPERM, "Cannot enter the control group that holds the container's devices");
  cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return fail(error, errno, "Cannot open the container's root filesystem");
  if ((container->plan->flags & PLAN_TERMINAL) && new_terminal(root, container->plan, terminal, error) < 0) return -1;
  return enter_cwd(container, error);
}

static int take_stdio(const struct container *container, const struct terminal *terminal, struct error *error) {
  if (setsid() < 0 && errno != EPERM) return fail(error, errno, "Cannot make a session");
  if (terminal->slave >= 0 && ioctl(terminal->slave, TIOCSCTTY, 0) < 0)
    return fail(error, errno, "Cannot take the terminal");
  for (int i = 0; i < 3; i++)
    if (dup2(terminal->slave >= 0 ? terminal->slave : container->stdio[i], i) < 0)
      return fail(error, errno, "Cannot take standard stream %d", i);
  close_on_exec_from(3);
  return 0;
}

/* Nothing is executed: it keeps the root filesystem mounted, for those who look into it, until it is killed. */
static _Noreturn void hold(const struct container *container) {
  report_send(container->status, &(struct report){.kind = REPORT_RUNNING}, -1);
  for (;;) pause();
}

static _Noreturn void run_command(const struct container *container, const struct terminal *terminal, int supervisor) {
  struct report report = {.kind = REPORT_FAILED};
  sigset_t none;
  sigemptyset(&none);
  umask(container->plan->umask);
  if (take_stdio(container, terminal, &report.error) == 0 && drop_privileges(container->plan, supervisor, &report.error) == 0) {
    /* Changed credentials cleared it. Without a first process of ours this is what ends the command with the worker. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    report.value = (int)exec_command(container->plan, &report.error);
    report.kind = REPORT_UNRUN;
  }
  report_send(container->status, &report, -1);
  _exit(127);
}

/* The namespace comes after the move: its root is the group that its maker is in. */
static int enter_cgroups(const struct container *container, bool in_unified, struct error *error) {
  const struct plan *plan = container->plan;
  if (plan->cgroups.count == 0) return 0;
  if (join_cgroups(plan, in_unified, error) < 0) return -1;
  if (container->plain >= 0) return 0;
  return unshare(CLONE_NEWCGROUP) == 0 ? 0 : fail(error, errno, "Cannot make a control group namespace");
}

static _Noreturn void container_main(const struct container *container, bool in_unified) {
  struct report report = {.kind = REPORT_FAILED};
  struct terminal terminal = {-1, -1};
  struct pollfd worker = {.fd = container->status};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (poll(&worker, 1, 0) != 0) _exit(1);
  int ready = enter_cgroups(container, in_unified, &report.error);
  if (ready == 0 && container->plain >= 0) ready = set_up_plain(container, &terminal, &report.error);
  else if (ready == 0)
    ready = container->joined ? set_up_joined(container, &terminal, &report.error)
                              : set_up(container, &terminal, &report.error);
  int supervisor = -1;
  if (ready == 0 && container->owners) ready = supervisor = supervisor_start(container->owners, &container->plan->owners, &report.error);
  if (ready < 0) {
    report_send(container->status, &report, -1);
    _exit(1);
  }
  if (container->plan->flags & PLAN_HOLD) hold(container);
  char go;
  /* All is ready but what others do: the network may still have to be connected. */
  if ((container->plan->flags & PLAN_WAIT) && recv(container->status, &go, 1, 0) != 1) _exit(1);
  report.kind = REPORT_RUNNING;
  report_send(container->status, &report, terminal.master);
  if (!(container->plan->flags & PLAN_INIT)) run_command(container, &terminal, supervisor);
  pid_t command = fork();
  if (command == 0) run_command(container, &terminal, supervisor);
  if (command < 0 || confine_init(container->plan, &report.error) < 0) {
    report.kind = REPORT_FAILED;
    if (command < 0) fail(&report.error, errno, "Cannot fork");
    report_send(container->status, &report, -1);
    _exit(1);
  }
  init_main(command, container->status);
}

pid_t container_start(struct container *container, struct error *error) {
  unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  if (container->plan->cgroups.count == 0) flags |= CLONE_NEWCGROUP;
  if (container->plan->flags & PLAN_NO_NETWORK) flags |= CLONE_NEWNET;
  if (container->joined || container->plain >= 0) flags = 0;
  /* Who is born in a group need not be moved there, for which the kernel waits for all processors. */
  cleanup_close int group = open_unified_group(container->plan);
  bool filters = group >= 0 && (flags & CLONE_NEWNS) && !in_user_namespace() && !has_all_devices(container->plan);
  container->filtered = filters && (container->filtered || filter_devices(group) == 0);
  pid_t pid = group < 0 ? -1 : sys_clone_into(flags, group);
  if (pid == 0) container_main(container, true);
  /* Else it enters the group before anything of the container runs, or does not run at all. */
  if (pid < 0) pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
  if (pid == 0) container_main(container, false);
  return pid >= 0 ? pid : fail(error, errno, "Cannot make the namespaces of a container");
}
