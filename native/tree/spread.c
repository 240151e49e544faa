#include "tree/spread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/error.h"

/* Directories in this one are spread over the disk (chattr(1), attribute T). Other file systems do not know it, and need it not. */
static void spread_within(const char *path) {
  cleanup_close int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int flags;
  if (directory < 0 || ioctl(directory, FS_IOC_GETFLAGS, &flags) < 0 || (flags & FS_TOPDIR_FL)) return;
  flags |= FS_TOPDIR_FL;
  ioctl(directory, FS_IOC_SETFLAGS, &flags);
}

int make_apart(const char *path) {
  cleanup_free char *around = must_format("%s", path);
  char *end = strrchr(around, '/');
  if (end) {
    *end = 0;
    spread_within(around);
  }
  return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -1;
}
