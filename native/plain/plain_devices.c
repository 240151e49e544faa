#include "plain/plain_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct {
  const char *name;
  unsigned major, minor;
} DEVICES[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},  {"random", 1, 8},
               {"urandom", 1, 9}, {"tty", 5, 0}, {"stdin", 1, 3}};

static const char *const LINKS[][2] = {{"../stdin", "fd/0"}, {"../stdout", "fd/1"}, {"../stderr", "fd/2"}};

/* A node is of use only where it can be opened: a file system may be mounted nodev. */
static bool make_node(int dev, const char *name, dev_t number) {
  if (mknodat(dev, name, S_IFCHR | 0666, number) < 0) return false;
  cleanup_close int fd = openat(dev, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0 || (errno != EACCES && errno != EPERM)) return true;
  unlinkat(dev, name, 0);
  return false;
}

/* What programs write to and read nothing from: a plain file stands in. */
static int make_stand_in(int dev, const char *name) {
  cleanup_close int fd = openat(dev, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return fd < 0 ? -1 : 0;
}

static int make_output(int dev, const char *name, bool terminal) {
  return terminal ? symlinkat("tty", dev, name) : mkfifoat(dev, name, 0666);
}

int place_devices(int parent, const char *name, bool terminal, struct error *error) {
  if (mkdirat(parent, name, 0755) < 0) return fail(error, errno, "Cannot make '%s'", name);
  cleanup_close int dev = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (dev < 0) return fail(error, errno, "Cannot open '%s'", name);
  for (size_t i = 0; i < sizeof DEVICES / sizeof *DEVICES; i++) {
    bool made = make_node(dev, DEVICES[i].name, makedev(DEVICES[i].major, DEVICES[i].minor));
    if (!made && DEVICES[i].minor == 3 && make_stand_in(dev, DEVICES[i].name) < 0)
      return fail(error, errno, "Cannot make device '%s'", DEVICES[i].name);
  }
  if (make_output(dev, "stdout", terminal) < 0 || make_output(dev, "stderr", terminal) < 0 ||
      mkdirat(dev, "fd", 0755) < 0 || mkdirat(dev, "pts", 0755) < 0 || mkdirat(dev, "shm", 01777) < 0 || mkdirat(dev, "mqueue", 01777) < 0)
    return fail(error, errno, "Cannot make '%s'", name);
  for (size_t i = 0; i < sizeof LINKS / sizeof *LINKS; i++)
    if (symlinkat(LINKS[i][0], dev, LINKS[i][1]) < 0) return fail(error, errno, "Cannot link '%s'", LINKS[i][1]);
  return 0;
}
