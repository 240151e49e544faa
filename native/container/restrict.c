#include "container/restrict.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/sys.h"

/* In the container's first process, before anything of the container runs: nobody changes what is mounted meanwhile. */

static int restrict_one(const char *path, unsigned long flags) {
  struct statvfs now;
  if (statvfs(path, &now) < 0) return -1;
  /* A user namespace may not take a flag away, nor change how access times are kept (mount_namespaces(7)). */
  unsigned long kept = now.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_NODIRATIME);
  if (now.f_flag & ST_RELATIME) kept |= MS_RELATIME;
  return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | kept | flags, NULL);
}

/* The octal escapes of mountinfo (proc(5)), undone in place. */
static void unescape(char *text) {
  char *to = text;
  for (const char *from = text; *from; to++) {
    unsigned octal;
    if (*from == '\\' && sscanf(from + 1, "%3o", &octal) == 1) {
      *to = (char)octal;
      from += 4;
    } else {
      *to = *from++;
    }
  }
  *to = 0;
}

/* As before Linux 5.12: one mount after the other, as /proc/self/mountinfo names them. */
static int restrict_below(const char *top, unsigned long flags) {
  FILE *file = fopen("/proc/self/mountinfo", "re");
  size_t length = strlen(top);
  char line[2 * PATH_MAX], path[PATH_MAX];
  int result = file ? 0 : -1;
  while (result == 0 && fgets(line, sizeof line, file)) {
    if (sscanf(line, "%*s %*s %*s %*s %4095s", path) != 1) continue;
    unescape(path);
    if (strncmp(path, top, length) != 0 || path[length] != '/') continue;
    /* One that another is mounted over cannot be reached, by nobody. */
    if (restrict_one(path, flags) < 0 && errno != ENOENT && errno != EINVAL) result = -1;
  }
  if (file) fclose(file);
  return result;
}

int restrict_mounts(int mount, unsigned long flags, bool recursive) {
  char link[32], path[PATH_MAX];
  if (recursive) {
    /* The MOUNT_ATTR_* bits of mount_setattr(2) are the MS_* ones for these four. */
    if (sys_mount_setattr_recursive(mount, flags) == 0) return 0;
    if (errno != ENOSYS) return -1;
  }
  snprintf(link, sizeof link, "/proc/self/fd/%d", mount);
  if (restrict_one(link, flags) < 0) return -1;
  if (!recursive) return 0;
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return -1;
  path[size] = 0;
  return restrict_below(path, flags);
}
