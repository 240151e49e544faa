#include "tree/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "container/join.h"
#include "tree/apply.h"
#include "tree/list.h"
#include "tree/overlay.h"
#include "tree/resolve.h"
#include "tree/tree.h"

/* In a worker, outside the container. Of what it sees nothing is executed or believed: paths are resolved in its root. */

static int open_root(const struct root_spec *spec, struct error *error) {
  if (spec->kind == ROOT_CONTAINER) return join_root((pid_t)spec->pid, spec->start, error);
  if (spec->kind != ROOT_DIRECTORY) return fail(error, EINVAL, "Cannot copy files of such a root filesystem");
  int fd = open(spec->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 ? fd : fail(error, errno, "Cannot open '%s'", spec->path);
}

static long type_of(int fd) {
  struct statfs fs;
  return fstatfs(fd, &fs) < 0 ? 0 : (long)fs.f_type;
}

/*
 * What is the kernel's own, in a directory: reading it may never end, and copies of it are of no use. A container's /dev is
 * a tmpfs: nothing of an image is in it.
 */
static bool is_kernels(int directory, const struct stat *st) {
  static const long TYPES[] = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,   CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
                               DEVPTS_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,      BPF_FS_MAGIC};
  long type = type_of(directory);
  if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) return type == TMPFS_MAGIC;
  for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
    if (type == TYPES[i]) return true;
  return false;
}

static int send_tree(struct lane *lane, int at, const struct stat *st, const char *name, struct error *error) {
  cleanup_close int directory = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return fail(error, errno, "Cannot open '%s'", name);
  if (*name) send_directory(lane, directory, st, name);
  return is_kernels(directory, st) ? 0 : list_below(lane, directory, name, is_kernels, error);
}

int fetch(struct lane *lane, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  struct root_spec spec;
  get_root(&reader, &spec);
  const char *path = get_string(&reader), *name = get_string(&reader);
  uint32_t flags = get_u32(&reader);
  if (reader_finish(&reader, "fetch", error) < 0) return -1;
  allow_depth();
  cleanup_close int root = open_root(&spec, error);
  if (root < 0) return -1;
  cleanup_close int at = open_in_root(root, path, O_PATH | (flags & FETCH_FOLLOW ? 0 : O_NOFOLLOW));
  struct stat st;
  if (at < 0 && (flags & FETCH_LOOK) && (errno == ENOENT || errno == ENOTDIR)) {
    send_empty(lane, FRAME_DONE);
    return 0;
  }
  if (at < 0 || fstat(at, &st) < 0) return fail(error, errno, "Cannot open '%s'", path);
  const struct found found = {at, "", &st, name, NULL};
  int result = 0;
  /* Such files say that they are empty, and are not. */
  if (S_ISREG(st.st_mode) && !(flags & FETCH_LOOK) && is_kernels(at, &st))
    result = fail(error, 0, "Cannot copy '%s': it is the kernel's own", path);
  else if (!S_ISDIR(st.st_mode)) result = send_entry(lane, &found, !(flags & FETCH_LOOK), error);
  else if (flags & FETCH_LOOK) send_directory(lane, at, &st, name);
  else result = send_tree(lane, at, &st, name, error);
  if (result == 0) send_empty(lane, FRAME_DONE);
  return result;
}

int put(struct lane *lane, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  struct root_spec spec;
  get_root(&reader, &spec);
  const char *path = get_string(&reader);
  if (reader_finish(&reader, "put", error) < 0) return -1;
  cleanup_close int root = open_root(&spec, error);
  if (root < 0) return -1;
  int directory = open_in_root(root, path, O_RDONLY | O_DIRECTORY);
  if (directory < 0) return fail(error, errno, "Cannot open '%s'", path);
  return apply_into(lane, directory, true, error);
}
