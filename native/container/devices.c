#include "container/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "base/userns.h"
#include "container/restrict.h"
#include "tree/resolve.h"

enum { GROUP_TTY = 5 };

struct device {
  const char *name;
  unsigned major, minor;
};

static const struct device DEVICES[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                                        {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

static const char *const LINKS[][2] = {
    {"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
    {"/proc/self/fd/2", "stderr"}, {"/proc/kcore", "core"},      {"pts/ptmx", "ptmx"}};

int mount_devpts(struct mounter *mounter, const char *path, struct error *error) {
  cleanup_close int target = open_target(mounter, path, true, error);
  if (target < 0) return -1;
  const char *options = has_group(GROUP_TTY) ? "newinstance,ptmxmode=0666,mode=0620,gid=5" : "newinstance,ptmxmode=0666,mode=0620";
  if (mount_on(target, "devpts", "devpts", MS_NOSUID | MS_NOEXEC, options) == 0) return 0;
  return fail(error, errno, "Cannot mount devpts on '%s'", path);
}

static int bind_node(int node, int dev, const char *name, struct error *error) {
  if (mknodat(dev, name, S_IFREG | 0666, 0) < 0) return fail(error, errno, "Cannot make device '%s'", name);
  cleanup_close int target = openat(dev, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (target >= 0 && bind_on(node, target, false) == 0) return 0;
  return fail(error, errno, "Cannot bind device '%s'", name);
}

/* The host's own, where the kernel makes none. Read-only: that is no matter to devices, but nobody changes its mode. */
static int bind_hosts(int dev, const struct device *device, struct error *error) {
  char host_path[32];
  snprintf(host_path, sizeof host_path, "/dev/%s", device->name);
  cleanup_close int host = open(host_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;
  if (host < 0 || fstat(host, &st) < 0) return fail(error, errno, "Cannot open '%s'", host_path);
  if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(device->major, device->minor))
    return fail(error, ENODEV, "Cannot use '%s' of the host", host_path);
  if (bind_node(host, dev, device->name, error) < 0) return -1;
  cleanup_close int bound = openat(dev, device->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (bound >= 0 && restrict_mounts(bound, MS_RDONLY, false) == 0) return 0;
  return fail(error, errno, "Cannot restrict '%s'", host_path);
}

static int make_node(int directory, const struct device *device, struct error *error) {
  if (mknodat(directory, device->name, S_IFCHR | 0666, makedev(device->major, device->minor)) == 0) return 0;
  return fail(error, errno, "Cannot make device '%s'", device->name);
}

/*
 * Nodes that can be opened in a /dev where none that are made can be: bound from a tmpfs that nobody reaches. It covers
 * the container's root meanwhile, as in sources.c.
 */
static int bind_own(const struct mounter *mounter, int dev, struct error *error) {
  if (mount("tmpfs", mounter->attach, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k") < 0)
    return fail(error, errno, "Cannot mount a tmpfs for devices");
  cleanup_close int own = open(mounter->attach, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int result = own < 0 ? fail(error, errno, "Cannot open the tmpfs for devices") : 0;
  for (size_t i = 0; result == 0 && i < sizeof DEVICES / sizeof *DEVICES; i++) {
    result = make_node(own, &DEVICES[i], error);
    cleanup_close int node = result < 0 ? -1 : openat(own, DEVICES[i].name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (result == 0) result = bind_node(node, dev, DEVICES[i].name, error);
  }
  if (umount2(mounter->attach, MNT_DETACH) < 0 && result == 0)
    return fail(error, errno, "Cannot unmount the tmpfs for devices");
  return result;
}

static int make_devices(const struct mounter *mounter, int dev, struct error *error) {
  if (!mounter->userns && !mounter->devices) return bind_own(mounter, dev, error);
  for (size_t i = 0; i < sizeof DEVICES / sizeof *DEVICES; i++)
    if ((mounter->devices ? make_node(dev, &DEVICES[i], error) : bind_hosts(dev, &DEVICES[i], error)) < 0) return -1;
  return 0;
}

static int mount_below(struct mounter *mounter, const char *dev, const char *name, const char *type,
                       const char *options, struct error *error) {
  char *path = must_format("%s/%s", dev, name);
  cleanup_close int target = open_target(mounter, path, true, error);
  free(path);
  if (target < 0) return -1;
  if (mount_on(target, type, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, options) == 0) return 0;
  return fail(error, errno, "Cannot mount %s on '%s/%s'", type, dev, name);
}

int mount_dev(struct mounter *mounter, const struct mount_spec *spec, struct error *error) {
  cleanup_close int target = open_target(mounter, spec->target, true, error);
  if (target < 0) return -1;
  if (mount_on(target, "tmpfs", "tmpfs", MS_NOSUID | (mounter->devices ? 0 : MS_NODEV), "mode=755,size=65536k") < 0)
    return fail(error, errno, "Cannot mount a tmpfs on '%s'", spec->target);
  /* Everything below is made on this fresh mount, never on what the image has there (CVE-2026-41579). */
  cleanup_close int dev = open_in_root(mounter->root, spec->target, O_RDONLY | O_DIRECTORY);
  if (dev < 0) return fail(error, errno, "Cannot open '%s'", spec->target);
  if (make_devices(mounter, dev, error) < 0) return -1;
  // As in runc, /dev/core leads nowhere in no container: kernels without CONFIG_PROC_KCORE are common.
  for (size_t i = 0; i < sizeof LINKS / sizeof *LINKS; i++) {
    if (strcmp(LINKS[i][1], "core") == 0 && access(LINKS[i][0], F_OK) < 0) continue;
    if (symlinkat(LINKS[i][0], dev, LINKS[i][1]) < 0) return fail(error, errno, "Cannot link '%s'", LINKS[i][1]);
  }
  char shm[64];
  snprintf(shm, sizeof shm, "mode=1777,size=%llu", (unsigned long long)spec->size);
  char *pts = must_format("%s/pts", spec->target);
  int result = mount_devpts(mounter, pts, error);
  free(pts);
  if (result < 0 || mount_below(mounter, spec->target, "shm", "tmpfs", shm, error) < 0) return -1;
  return mount_below(mounter, spec->target, "mqueue", "mqueue", NULL, error);
}

static int bind_console(struct mounter *mounter, int slave, struct error *error) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", slave);
  cleanup_close int dev = open_in_root(mounter->root, "dev", O_RDONLY | O_DIRECTORY);
  cleanup_close int console = openat(dev, "console", O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (console < 0 || mount_on(console, link, NULL, MS_BIND, NULL) < 0)
    return fail(error, errno, "Cannot bind the terminal on /dev/console");
  return 0;
}

int new_terminal(int root, const struct plan *plan, struct terminal *terminal, struct error *error) {
  /* The kernel names the slave, not a path that something could have been put at (CVE-2025-52565). */
  int unlock = 0;
  terminal->master = open_in_root(root, "dev/pts/ptmx", O_RDWR | O_NOCTTY);
  if (terminal->master < 0 || ioctl(terminal->master, TIOCSPTLCK, &unlock) < 0)
    return fail(error, errno, "Cannot open a terminal");
  terminal->slave = ioctl(terminal->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct winsize size = {.ws_col = (unsigned short)plan->columns, .ws_row = (unsigned short)plan->rows};
  if (terminal->slave < 0 || fchown(terminal->slave, plan->uid, (gid_t)-1) < 0 ||
      (plan->columns > 0 && ioctl(terminal->master, TIOCSWINSZ, &size) < 0))
    return fail(error, errno, "Cannot set the terminal up");
  return 0;
}

int open_terminal(struct mounter *mounter, const struct plan *plan, struct terminal *terminal, struct error *error) {
  if (new_terminal(mounter->root, plan, terminal, error) < 0) return -1;
  return bind_console(mounter, terminal->slave, error);
}
