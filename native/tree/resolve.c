#include "tree/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/sys.h"

enum { MAX_DEPTH = 256, MAX_LINKS = 40 };

/* A walk that keeps a descriptor of each directory on its way, so that `..` needs no look at the file system. */
struct walk {
  int root;
  int fds[MAX_DEPTH];
  size_t ends[MAX_DEPTH]; /* where in `real` each one's path ends */
  size_t depth;
  char real[PATH_MAX];
  char *rest;
  unsigned links;
};

static int top(const struct walk *walk) {
  return walk->depth == 0 ? walk->root : walk->fds[walk->depth - 1];
}

static void pop(struct walk *walk) {
  if (walk->depth > 0) close(walk->fds[--walk->depth]);
  walk->real[walk->depth == 0 ? 0 : walk->ends[walk->depth - 1]] = 0;
}

static int push(struct walk *walk, int fd, const char *name) {
  size_t used = strlen(walk->real);
  if (walk->depth == MAX_DEPTH || used + strlen(name) + 2 > sizeof walk->real) {
    close(fd);
    errno = ENAMETOOLONG;
    return -1;
  }
  if (used > 0) walk->real[used++] = '/';
  strcpy(walk->real + used, name);
  walk->ends[walk->depth] = strlen(walk->real);
  walk->fds[walk->depth++] = fd;
  return 0;
}

static int follow(struct walk *walk, int link, const char *rest) {
  char target[PATH_MAX];
  ssize_t size = readlinkat(link, "", target, sizeof target - 1);
  struct statfs fs;
  if (size < 0 || fstatfs(link, &fs) < 0) return -1;
  target[size] = 0;
  /* The links of procfs that are text are relative (self, mounts); the others are magic. */
  if (++walk->links > MAX_LINKS || (fs.f_type == PROC_SUPER_MAGIC && target[0] == '/')) {
    errno = ELOOP;
    return -1;
  }
  while (target[0] == '/' && walk->depth > 0) pop(walk);
  char *next = must_format("%s/%s", target, rest);
  free(walk->rest);
  walk->rest = next;
  return 0;
}

static int make(const struct walk *walk, const char *name, bool last, const struct missing *missing,
                struct error *error) {
  bool directory = !last || missing->directory;
  int parent = top(walk);
  if (missing->stubs) {
    char *path = must_format("%s%s%s", walk->real, walk->real[0] ? "/" : "", name);
    int made = stubs_make(missing->stubs, parent, name, path, directory, error);
    free(path);
    return made;
  }
  if (directory ? mkdirat(parent, name, 0755) < 0 : mknodat(parent, name, S_IFREG | 0644, 0) < 0)
    return fail(error, errno, "Cannot make '%s'", name);
  if (fchownat(parent, name, missing->uid, missing->gid, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(error, errno, "Cannot change the owner of '%s'", name);
  return 0;
}

static bool is_last(const char *rest) {
  return rest[strspn(rest, "/")] == 0;
}

/* One component; `rest` is what follows it. 0, or -1 with errno, or -1 with `error` filled and errno 0. */
static int step(struct walk *walk, const char *name, const char *rest, const struct missing *missing,
                struct error *error) {
  int fd = openat(top(walk), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT && missing) {
    if (make(walk, name, is_last(rest), missing, error) < 0) {
      errno = 0;
      return -1;
    }
    fd = openat(top(walk), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  }
  if (fd < 0) return -1;
  struct stat st;
  if (fstat(fd, &st) < 0 || !S_ISLNK(st.st_mode)) return push(walk, fd, name);
  int followed = follow(walk, fd, rest);
  int saved = errno;
  close(fd);
  errno = saved;
  return followed;
}

static int walk_in_root(int root, const char *path, const struct missing *missing, struct error *error) {
  struct walk *walk = must_alloc(sizeof *walk);
  walk->root = root;
  walk->rest = must_format("%s", path);
  int result = 0;
  while (result == 0) {
    char *name = walk->rest + strspn(walk->rest, "/");
    if (*name == 0) break;
    size_t size = strcspn(name, "/");
    char *rest = name + size;
    char component[NAME_MAX + 1];
    if (size > NAME_MAX) {
      errno = ENAMETOOLONG;
      result = -1;
      break;
    }
    memcpy(component, name, size);
    component[size] = 0;
    const char *links = walk->rest;
    unsigned before = walk->links;
    if (strcmp(component, "..") == 0) pop(walk);
    else if (strcmp(component, ".") != 0) result = step(walk, component, rest, missing, error);
    if (walk->links == before && links == walk->rest) memmove(walk->rest, rest, strlen(rest) + 1);
  }
  if (result == 0) result = fcntl(top(walk), F_DUPFD_CLOEXEC, 3);
  int saved = errno;
  while (walk->depth > 0) pop(walk);
  free(walk->rest);
  free(walk);
  errno = saved;
  return result;
}

/* Turns an O_PATH descriptor into one that reads. */
static int reopen(int fd, int flags) {
  if (fd < 0 || (flags & O_PATH)) return fd;
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int opened = open(link, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
  int saved = errno;
  close(fd);
  errno = saved;
  return opened;
}

/* openat2(2) is of Linux 5.6, and seccomp filters that are older than that deny it with EPERM. */
static bool is_missing(int code) {
  return code == ENOSYS || code == EPERM;
}

int open_in_root(int root, const char *path, int flags) {
  int fd = sys_openat2(root, *path ? path : ".", (uint64_t)flags, 0, RESOLVE_INSIDE | RESOLVE_MAGICLINKS_NO);
  if (fd >= 0 || !is_missing(errno)) return fd;
  struct error ignored;
  return reopen(walk_in_root(root, path, NULL, &ignored), flags);
}

int open_real(int root, const char *path, int flags) {
  while (*path == '/') path++;
  int fd = sys_openat2(root, *path ? path : ".", (uint64_t)(flags | O_NOFOLLOW), 0,
                       RESOLVE_BENEATH_ONLY | RESOLVE_SYMLINKS_NO);
  if (fd >= 0 || !is_missing(errno)) return fd;
  int at = fcntl(root, F_DUPFD_CLOEXEC, 3);
  char *copy = must_format("%s", path), *position = NULL;
  for (char *name = strtok_r(copy, "/", &position); name && at >= 0; name = strtok_r(NULL, "/", &position)) {
    int next = strcmp(name, "..") == 0 ? (errno = EXDEV, -1) : openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int saved = errno;
    close(at);
    at = next;
    errno = saved;
  }
  free(copy);
  struct stat st;
  if (at >= 0 && fstat(at, &st) == 0 && S_ISLNK(st.st_mode)) {
    close(at);
    errno = ELOOP;
    return -1;
  }
  return reopen(at, flags);
}

int make_in_root(int root, const char *path, const struct missing *missing, struct error *error) {
  int fd = walk_in_root(root, path, missing, error);
  if (fd < 0 && errno != 0) fail(error, errno, "Cannot resolve '%s' in the root filesystem", path);
  return fd;
}
