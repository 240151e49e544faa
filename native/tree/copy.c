#include "tree/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "base/files.h"
#include "tree/overlay.h"
#include "tree/tree.h"

struct copier {
  struct lane *lane;
  int root; /* where the copy begins */
  struct path path;
  struct links links;
};

static int copy_directory(struct copier *copier, int from, int to, struct error *error);

/* All but what overlayfs keeps for itself. A file system without xattrs at the other side takes none. */
static int copy_xattrs(int from, int to) {
  char names[64 * 1024], value[64 * 1024];
  ssize_t size = flistxattr(from, names, sizeof names);
  if (size < 0) return errno == EOPNOTSUPP ? 0 : -1;
  for (const char *name = names; name < names + size; name += strlen(name) + 1) {
    if (strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0) continue;
    ssize_t length = fgetxattr(from, name, value, sizeof value);
    if (length < 0 || (fsetxattr(to, name, value, (size_t)length, 0) < 0 && errno != EOPNOTSUPP)) return -1;
  }
  return 0;
}

static int dress(int from, int to, const struct stat *st) {
  struct timespec times[2] = {st->st_atim, st->st_mtim};
  if (own(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) < 0 || fchmod(to, st->st_mode & 07777) < 0) return -1;
  return copy_xattrs(from, to) < 0 ? -1 : futimens(to, times);
}

static int copy_bytes(int from, int to, const struct stat *st) {
  if (st->st_size == 0 || ioctl(to, FICLONE, from) == 0) return 0;
  return copy_range(from, 0, to, (uint64_t)st->st_size);
}

static int copy_file(int from_parent, int to_parent, const char *name, const struct stat *st) {
  cleanup_close int from = openat(from_parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (from < 0) return -1;
  cleanup_close int to = openat(to_parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to < 0) return -1;
  return copy_bytes(from, to, st) < 0 ? -1 : dress(from, to, st);
}

static int copy_other(int from_parent, int to_parent, const char *name, const struct stat *st) {
  char target[PATH_MAX];
  struct timespec times[2] = {st->st_atim, st->st_mtim};
  if (S_ISLNK(st->st_mode)) {
    ssize_t size = readlinkat(from_parent, name, target, sizeof target - 1);
    if (size < 0) return -1;
    target[size] = 0;
    if (symlinkat(target, to_parent, name) < 0) return -1;
  } else if (mknodat(to_parent, name, st->st_mode & (S_IFMT | 0777), st->st_rdev) < 0) {
    return -1;
  }
  if (own(to_parent, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0) return -1;
  if (!S_ISLNK(st->st_mode) && fchmodat(to_parent, name, st->st_mode & 07777, 0) < 0) return -1;
  return utimensat(to_parent, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_below(struct copier *copier, int from_parent, int to_parent, const char *name, const struct stat *st,
                      struct error *error) {
  cleanup_close int from = openat(from_parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (from < 0 || mkdirat(to_parent, name, 0700) < 0) return -1;
  cleanup_close int to = openat(to_parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (to < 0 || copy_directory(copier, from, to, error) < 0) return -1;
  return dress(from, to, st);
}

static int visit(struct copier *copier, int from, int to, const char *name, struct error *error) {
  struct stat st;
  if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0) return fail(error, errno, "Cannot look at '%s'", name);
  if (is_whiteout(&st) || S_ISSOCK(st.st_mode)) return 0;
  size_t before = path_enter(&copier->path, name);
  int result;
  if (S_ISDIR(st.st_mode)) {
    result = copy_below(copier, from, to, name, &st, error);
  } else {
    const char *first = st.st_nlink > 1 ? links_find(&copier->links, &st, copier->path.text) : NULL;
    if (first) result = linkat(copier->root, first, to, name, 0);
    else result = S_ISREG(st.st_mode) ? copy_file(from, to, name, &st) : copy_other(from, to, name, &st);
  }
  if (result < 0 && error->message[0] == 0) fail(error, errno, "Cannot copy '%s'", copier->path.text);
  path_leave(&copier->path, before);
  return result;
}

static int copy_directory(struct copier *copier, int from, int to, struct error *error) {
  struct names names;
  if (lane_cancelled(copier->lane)) return fail(error, ECANCELED, "Cannot finish the copy");
  if (names_read(from, &names) < 0) return fail(error, errno, "Cannot read directory '%s'", copier->path.text);
  int result = 0;
  for (size_t i = 0; i < names.count && result == 0; i++) result = visit(copier, from, to, names.items[i], error);
  names_free(&names);
  return result;
}

int copy_opened(struct lane *lane, int from, int to_parent, const char *name, struct error *error) {
  struct stat st;
  if (fstat(from, &st) < 0) return fail(error, errno, "Cannot look at the source of '%s'", name);
  if (!S_ISDIR(st.st_mode)) {
    cleanup_close int to = openat(to_parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to >= 0 && S_ISREG(st.st_mode) && copy_bytes(from, to, &st) == 0 && dress(from, to, &st) == 0) return 0;
    return fail(error, errno, "Cannot copy '%s'", name);
  }
  if (mkdirat(to_parent, name, 0700) < 0) return fail(error, errno, "Cannot make '%s'", name);
  cleanup_close int to = openat(to_parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (to < 0) return fail(error, errno, "Cannot open '%s'", name);
  struct copier copier = {.lane = lane, .root = to, .path = {must_alloc(256), 0, 256}};
  if (copy_directory(&copier, from, to, error) < 0) return -1;
  return dress(from, to, &st) < 0 ? fail(error, errno, "Cannot copy '%s'", name) : 0;
}

static int copy_root(struct copier *copier, const struct root_spec *spec, struct error *error) {
  struct stat st;
  cleanup_close int view = root_view(spec, error);
  if (view < 0) return -1;
  cleanup_close int from = openat(view, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (from < 0 || fstat(from, &st) < 0) return fail(error, errno, "Cannot open the root filesystem");
  if (copy_directory(copier, from, copier->root, error) < 0) return -1;
  return dress(from, copier->root, &st) < 0 ? fail(error, errno, "Cannot copy the root directory") : 0;
}

int copy(struct lane *lane, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  struct root_spec spec;
  struct copier copier = {.lane = lane, .root = -1};
  get_root(&reader, &spec);
  char *directory = must_format("%s", get_string(&reader));
  if (reader_finish(&reader, "copy", error) < 0) return -1;
  umask(0);
  allow_depth();
  if (mkdir(directory, 0755) < 0 && errno != EEXIST) return fail(error, errno, "Cannot make '%s'", directory);
  copier.root = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (copier.root < 0) return fail(error, errno, "Cannot open '%s'", directory);
  copier.path.text = must_alloc(copier.path.room = 256);
  if ((spec.kind != ROOT_LAYERS || spec.lowers.count > 0) && copy_root(&copier, &spec, error) < 0) return -1;
  send_empty(lane, FRAME_DONE);
  return 0;
}
