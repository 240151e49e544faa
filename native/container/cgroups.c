#include "container/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "tree/resolve.h"

static const char NAMED[] = "name=";
/* kernfs: the root of a hierarchy, where the groups of the whole machine are. */
enum { HIERARCHY_ROOT = 1 };

/*
 * Takes a mount away again that shows more than the container: its process is in no group of its own there, so nothing
 * holds it, and there is nothing to see but others. A container that may write sees what there is.
 */
static bool hide_others(int root, const char *path, unsigned long flags) {
  struct stat st;
  char link[32];
  cleanup_close int mounted = openat(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (!(flags & MS_RDONLY) || mounted < 0 || fstat(mounted, &st) < 0 || st.st_ino != HIERARCHY_ROOT) return false;
  snprintf(link, sizeof link, "/proc/self/fd/%d", mounted);
  return umount2(link, MNT_DETACH) == 0;
}

/* Mounts one hierarchy in a directory made for it; one that may not be mounted leaves no directory. */
static void mount_hierarchy(int directory, const char *name, const char *type, unsigned long flags, const char *options) {
  if (mkdirat(directory, name, 0755) < 0) return;
  cleanup_close int target = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (target >= 0 && mount_on(target, type, type, flags, options) == 0 && !hide_others(directory, name, flags)) return;
  unlinkat(directory, name, AT_REMOVEDIR);
}

/* Programs look for `cpu` where the hierarchy is `cpu,cpuacct`. */
static void link_controllers(int directory, const char *controllers) {
  cleanup_free char *names = strdup(controllers);
  char *rest = names;
  if (!names || !strchr(controllers, ',') || faccessat(directory, controllers, F_OK, 0) < 0) return;
  for (char *name; (name = strsep(&rest, ","));) (void)!symlinkat(controllers, directory, name);
}

/* Version 1: hierarchy-ID:controller-list:path in each line of /proc/self/cgroup (cgroups(7)). */
static void mount_hierarchies(int directory, unsigned long flags) {
  FILE *file = fopen("/proc/self/cgroup", "re");
  char *line = NULL;
  size_t room = 0;
  while (file && getline(&line, &room, file) > 0) {
    char *controllers = strchr(line, ':');
    char *end = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!end) continue;
    *end = 0;
    controllers += 1;
    if (*controllers == 0) {
      mount_hierarchy(directory, "unified", "cgroup2", flags, NULL);
      continue;
    }
    bool named = strncmp(controllers, NAMED, sizeof NAMED - 1) == 0;
    mount_hierarchy(directory, named ? controllers + sizeof NAMED - 1 : controllers, "cgroup", flags, controllers);
    link_controllers(directory, controllers);
  }
  free(line);
  if (file) fclose(file);
}

int mount_cgroups(struct mounter *mounter, const struct mount_spec *spec, unsigned long flags, struct error *error) {
  cleanup_close int target = open_in_root(mounter->root, spec->target, O_PATH | O_DIRECTORY);
  if (target < 0) return errno == ENOENT ? 0 : fail(error, errno, "Cannot open '%s'", spec->target);
  struct statfs fs;
  if (statfs("/sys/fs/cgroup", &fs) < 0) return 0;
  bool unified = fs.f_type == CGROUP2_SUPER_MAGIC;
  if (unified && mount_on(target, "cgroup2", "cgroup2", flags, NULL) == 0) {
    cleanup_close int mounted = open_in_root(mounter->root, spec->target, O_PATH | O_DIRECTORY);
    if (!hide_others(mounted, ".", flags)) return 0;
  }
  if (mount_on(target, "tmpfs", "tmpfs", flags & ~(unsigned long)MS_RDONLY, "mode=755,size=64k") < 0)
    return fail(error, errno, "Cannot hide control groups on '%s'", spec->target);
  if (!unified) {
    cleanup_close int directory = open_in_root(mounter->root, spec->target, O_RDONLY | O_DIRECTORY);
    if (directory < 0) return fail(error, errno, "Cannot open '%s'", spec->target);
    mount_hierarchies(directory, flags);
  }
  if (restrict_mount(mounter->root, spec->target, FLAG_READONLY, false) < 0)
    return fail(error, errno, "Cannot make '%s' read-only", spec->target);
  return 0;
}
