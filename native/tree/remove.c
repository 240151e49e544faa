#include "tree/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "tree/tree.h"

/* Deeper than this, a directory is moved up to where the removal began: descriptors and the stack stay bounded. */
enum { MAX_LEVELS = 200 };

struct removal {
  int top; /* where moved directories go */
  unsigned long moved;
};

static int open_directory(int parent, const char *name) {
  int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(parent, name, flags);
  if (fd >= 0 || errno != EACCES) return fd;
  /* Without CAP_DAC_OVERRIDE over it, a directory that its owner may not read. */
  return fchmodat(parent, name, 0700, 0) < 0 ? -1 : openat(parent, name, flags);
}

static int remove_at(struct removal *removal, int parent, const char *name, unsigned level);

static int remove_contents(struct removal *removal, int directory, unsigned level) {
  struct names names;
  /* Another process may sweep the same directory: what it removed under our hands cannot be listed any more. */
  if (names_read(directory, &names) < 0) return errno == ENOENT ? 0 : -1;
  int result = 0;
  for (size_t i = 0; i < names.count && result == 0; i++) result = remove_at(removal, directory, names.items[i], level);
  int saved = errno;
  names_free(&names);
  errno = saved;
  return result;
}

/* Mounts of the helper's own that lie on what is removed: network namespaces, whose workers were killed. */
static int unlink_mounted(int parent, const char *name) {
  cleanup_free char *path = parent == AT_FDCWD ? must_format("%s", name) : must_format("/proc/self/fd/%d/%s", parent, name);
  if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0) return -1;
  return unlinkat(parent, name, 0);
}

static int remove_at(struct removal *removal, int parent, const char *name, unsigned level) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno == EBUSY) return unlink_mounted(parent, name);
  if (errno == EACCES && fchmod(parent, 0700) == 0 && unlinkat(parent, name, 0) == 0) return 0;
  if (errno != EISDIR && errno != EPERM) return -1;
  if (level > MAX_LEVELS && removal->top >= 0) {
    char aside[48];
    snprintf(aside, sizeof aside, ".tsbuild-removed-%lu", ++removal->moved);
    return renameat(parent, name, removal->top, aside);
  }
  cleanup_close int directory = open_directory(parent, name);
  if (directory < 0) return errno == ENOENT ? 0 : -1;
  bool top = removal->top < 0;
  if (top) removal->top = directory;
  int result = remove_contents(removal, directory, level + 1);
  /* What was moved up in the meantime lies in the top directory: again, until nothing was. */
  for (unsigned long seen = 0; top && result == 0 && removal->moved > seen;) {
    seen = removal->moved;
    if (lseek(directory, 0, SEEK_SET) < 0) return -1;
    result = remove_contents(removal, directory, level + 1);
  }
  if (result < 0) return -1;
  return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

int remove_tree(int parent, const char *name, struct error *error) {
  struct removal removal = {-1, 0};
  if (remove_at(&removal, parent, name, 0) == 0) return 0;
  return fail(error, errno, "Cannot remove '%s'", name);
}

int remove_trees(struct lane *lane, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  struct strings paths = get_strings(&reader);
  if (reader_finish(&reader, "remove", error) < 0) return -1;
  for (size_t i = 0; i < paths.count; i++)
    if (remove_tree(AT_FDCWD, paths.items[i], error) < 0) return -1;
  send_empty(lane, FRAME_DONE);
  return 0;
}

int sync_directory(struct lane *lane, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  const char *path = get_string(&reader);
  if (reader_finish(&reader, "sync", error) < 0) return -1;
  cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || syncfs(fd) < 0) return fail(error, errno, "Cannot sync the file system of '%s'", path);
  send_empty(lane, FRAME_DONE);
  return 0;
}
