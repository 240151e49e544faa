#include "container/stubs.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tree/resolve.h"

enum { STUBS_SIZE = 256 * 1024 };

struct stub {
  size_t previous; /* offset of the stub before it */
  bool directory;
  ino_t inode;
  struct timespec atime, mtime; /* the parent's, before */
  struct timespec changed;      /* the parent's mtime, after */
  char path[];
};

struct stubs {
  size_t last, used;
  char memory[];
};

struct stubs *stubs_new(struct error *error) {
  struct stubs *stubs = mmap(NULL, STUBS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (stubs != MAP_FAILED) return stubs;
  fail(error, errno, "Cannot map memory");
  return NULL;
}

/* In the container's setup. */
int stubs_make(struct stubs *stubs, int parent, const char *name, const char *path, bool directory,
               struct error *error) {
  size_t size = (sizeof(struct stub) + strlen(path) + 1 + 15) & ~(size_t)15;
  if (size > STUBS_SIZE - sizeof *stubs - stubs->used) return fail(error, ENOSPC, "Cannot note mount target '%s'", path);
  struct stat before, after, made;
  if (fstat(parent, &before) < 0) return fail(error, errno, "Cannot look at the parent of mount target '%s'", path);
  if (directory) {
    if (mkdirat(parent, name, 0755) < 0) return fail(error, errno, "Cannot make mount target '%s'", path);
  } else {
    cleanup_close int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return fail(error, errno, "Cannot make mount target '%s'", path);
  }
  if (fstatat(parent, name, &made, AT_SYMLINK_NOFOLLOW) < 0 || fstat(parent, &after) < 0)
    return fail(error, errno, "Cannot look at mount target '%s'", path);
  struct stub *stub = (struct stub *)(stubs->memory + stubs->used);
  *stub = (struct stub){stubs->last, directory, made.st_ino, before.st_atim, before.st_mtim, after.st_mtim};
  strcpy(stub->path, path);
  stubs->last = stubs->used;
  stubs->used += size;
  return 0;
}

static bool same_time(const struct timespec *a, const struct timespec *b) {
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static void remove_one(const struct stub *stub, int root) {
  const char *slash = strrchr(stub->path, '/');
  char *parent_path = must_format("%.*s", slash ? (int)(slash - stub->path) : 0, stub->path);
  const char *name = slash ? slash + 1 : stub->path;
  /* Resolved anew, and without symlinks: the step may have put one anywhere (CVE-2024-23652). */
  int parent = open_real(root, parent_path, O_RDONLY | O_DIRECTORY);
  free(parent_path);
  cleanup_close int held = parent;
  struct stat now, target;
  if (parent < 0 || fstat(parent, &now) < 0 || fstatat(parent, name, &target, AT_SYMLINK_NOFOLLOW) < 0) return;
  if (target.st_ino != stub->inode) return;
  if (stub->directory) {
    if (!S_ISDIR(target.st_mode) || unlinkat(parent, name, AT_REMOVEDIR) < 0) return;
  } else {
    if (!S_ISREG(target.st_mode) || target.st_size != 0 || unlinkat(parent, name, 0) < 0) return;
  }
  /* A parent that the step itself changed keeps the time of that. */
  if (same_time(&now.st_mtim, &stub->changed)) futimens(parent, (struct timespec[]){stub->atime, stub->mtime});
}

/* In the worker, outside the container, when nothing runs in it any more. */
void stubs_remove(struct stubs *stubs, int root) {
  for (size_t at = stubs->last; stubs->used > 0;) {
    const struct stub *stub = (const struct stub *)(stubs->memory + at);
    remove_one(stub, root);
    if (at == 0) stubs->used = stubs->last = 0;
    at = stub->previous;
  }
}
