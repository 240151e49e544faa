#include "supervise/making.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/memory.h"
#include "base/sys.h"
#include "supervise/place.h"
#include "supervise/rights.h"
#include "supervise/supervise.h"

/* What is to be made. */
struct wish {
  mode_t type;
  uint64_t flags; /* of open(2) */
  mode_t mode;
  const char *target; /* of a symlink */
};

static mode_t umask_of(pid_t pid) {
  char path[64], line[256];
  unsigned mask = 022;
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *status = fopen(path, "re");
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "Umask: %o", &mask) == 1) break;
  if (status) fclose(status);
  return mask;
}

/* The new file's group is its directory's where that says so (inode(7)). */
static void adopt(struct owners *owners, const struct credentials *who, int parent, int fd) {
  struct stat st;
  gid_t gid = who->group[1];
  if (fstat(parent, &st) == 0 && (st.st_mode & S_ISGID)) {
    owner_find(parent, "", &st);
    gid = st.st_gid;
  }
  record_owner(owners, fd, who->user[1], gid);
}

static struct outcome make(const struct asked *asked, const struct credentials *who, struct place *place,
                           const struct wish *wish);

/* Opening a symlink whose target is missing makes the target (open(2)). There is an end to it: the kernel found none. */
static struct outcome make_target(const struct asked *asked, const struct credentials *who, const struct place *place,
                                  int parent, const char *name, const struct wish *wish) {
  struct place target = *place;
  char text[PATH_MAX];
  size_t above = (size_t)(name - place->path);
  ssize_t size = readlinkat(parent, name, text, sizeof text - 1);
  if (size < 0 || (size_t)size + above >= sizeof target.path) return GOES_ON;
  text[size] = 0;
  strcpy(target.path + (text[0] == '/' ? 0 : above), text);
  return make(asked, who, &target, wish);
}

/* What is there stays; whether it may be written to is a question of its owner. */
static struct outcome leave(const struct asked *asked, const struct credentials *who, const struct place *place,
                            int parent, const char *name, const struct wish *wish) {
  struct stat st;
  if (wish->type != S_IFREG || (wish->flags & O_EXCL)) return GOES_ON;
  cleanup_close int fd = place_open(place, !(wish->flags & O_NOFOLLOW));
  if (fd < 0 && errno == ENOENT && (wish->flags & O_CREAT)) return make_target(asked, who, place, parent, name, wish);
  if ((wish->flags & (O_ACCMODE | O_TRUNC)) == O_RDONLY || fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return GOES_ON;
  find_owner(asked->owners, fd, &st);
  return may_use(who, &st, MAY_WRITE) ? GOES_ON : returns(-EACCES);
}

static struct outcome make(const struct asked *asked, const struct credentials *who, struct place *place,
                           const struct wish *wish) {
  struct owners *owners = asked->owners;
  const char *name;
  struct stat there;
  cleanup_close int parent = place_parent(place, wish->type == S_IFDIR, &name);
  if (parent < 0) return GOES_ON;
  if (fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0) return leave(asked, who, place, parent, name, wish);
  if (wish->type == S_IFREG && !(wish->flags & O_CREAT)) return GOES_ON;
  if (!may_add(owners, who, parent)) return returns(-EACCES);
  mode_t allowed = wish->mode & ~umask_of(place->pid);
  int made = wish->type == S_IFDIR   ? mkdirat(parent, name, allowed)
             : wish->type == S_IFLNK ? symlinkat(wish->target, parent, name)
             : wish->type == S_IFREG ? openat(parent, name, (int)wish->flags | O_EXCL | O_NOCTTY | O_CLOEXEC, allowed)
                                     : mknodat(parent, name, wish->type | allowed, 0);
  if (made < 0) return errno == EEXIST ? GOES_ON : returns(-errno);
  int opened = wish->type == S_IFREG ? made : -1;
  cleanup_close int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) adopt(owners, who, parent, fd);
  return (struct outcome){.fd = opened, .close_on_exec = wish->flags & O_CLOEXEC};
}

/* A file without a name, which linkat(2) may give it. */
static struct outcome make_unnamed(const struct asked *asked, const struct credentials *who, const struct place *place,
                                   const struct wish *wish) {
  char path[32];
  cleanup_close int parent = place_open(place, true);
  if (parent < 0) return GOES_ON;
  if (!may_add(asked->owners, who, parent)) return returns(-EACCES);
  snprintf(path, sizeof path, "/proc/self/fd/%d", parent);
  int made = open(path, (int)wish->flags | O_CLOEXEC, wish->mode & ~umask_of(place->pid));
  if (made < 0) return returns(-errno);
  adopt(asked->owners, who, parent, made);
  return (struct outcome){.fd = made, .close_on_exec = wish->flags & O_CLOEXEC};
}

/* Root makes its own files itself. What has no attribute may get the number of another's that is gone: it is noted as root's. */
static bool makes_itself(const struct asked *asked, const struct credentials *who, mode_t type) {
  bool attributes = type == S_IFREG || type == S_IFDIR;
  return who->user[1] == 0 && who->group[1] == 0 && (attributes || owners_empty(asked->owners));
}

static struct outcome make_at(const struct asked *asked, uint64_t directory, uint64_t path, const struct wish *wish) {
  struct place place;
  const struct credentials *who = caller_of(asked);
  if (makes_itself(asked, who, wish->type) || !place_read(&place, asked->call, directory, path)) return GOES_ON;
  return (wish->flags & O_TMPFILE) == O_TMPFILE ? make_unnamed(asked, who, &place, wish)
                                                : make(asked, who, &place, wish);
}

static struct outcome open_file(const struct asked *asked, uint64_t directory, uint64_t path, uint64_t flags,
                                uint64_t mode) {
  return make_at(asked, directory, path, &(struct wish){S_IFREG, flags, mode & 07777, NULL});
}

/* openat2(2) */
static struct outcome open_more(const struct asked *asked) {
  struct how how;
  struct place place;
  const __u64 *args = asked->call->data.args;
  const struct credentials *who = caller_of(asked);
  if (makes_itself(asked, who, S_IFREG) || args[3] < sizeof how) return GOES_ON;
  if (memory_read((pid_t)asked->call->pid, args[2], &how, sizeof how) < 0) return GOES_ON;
  if (!place_read(&place, asked->call, args[0], args[1])) return GOES_ON;
  place.resolve = how.resolve;
  struct wish wish = {S_IFREG, how.flags, how.mode & 07777, NULL};
  if ((how.flags & O_ACCMODE) == O_RDONLY && !(how.flags & O_CREAT)) return GOES_ON;
  return (how.flags & O_TMPFILE) == O_TMPFILE ? make_unnamed(asked, who, &place, &wish)
                                              : make(asked, who, &place, &wish);
}

static struct outcome make_directory(const struct asked *asked, uint64_t directory, uint64_t path, uint64_t mode) {
  return make_at(asked, directory, path, &(struct wish){S_IFDIR, 0, mode & 01777, NULL});
}

static struct outcome make_symlink(const struct asked *asked, uint64_t directory, uint64_t path, uint64_t target) {
  char text[PATH_MAX];
  if (makes_itself(asked, caller_of(asked), S_IFLNK)) return GOES_ON;
  if (memory_read_string((pid_t)asked->call->pid, target, text, sizeof text) < 0) return GOES_ON;
  return make_at(asked, directory, path, &(struct wish){S_IFLNK, 0, 0777, text});
}

static struct outcome make_node(const struct asked *asked, uint64_t directory, uint64_t path, uint64_t mode) {
  mode_t type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
  if (type == S_IFREG) {
    struct outcome made = open_file(asked, directory, path, O_CREAT | O_EXCL | O_WRONLY, mode);
    if (made.fd >= 0) close(made.fd);
    made.fd = -1;
    return made;
  }
  if (type != S_IFIFO && type != S_IFSOCK) return GOES_ON;
  return make_at(asked, directory, path, &(struct wish){type, 0, mode & 07777, NULL});
}

struct outcome making_answer(const struct asked *asked) {
  const __u64 *args = asked->call->data.args;
  switch (asked->call->data.nr) {
#ifdef SYS_open
    case SYS_open: return open_file(asked, here(), args[0], args[1], args[2]);
    case SYS_creat: return open_file(asked, here(), args[0], O_CREAT | O_WRONLY | O_TRUNC, args[1]);
    case SYS_mkdir: return make_directory(asked, here(), args[0], args[1]);
    case SYS_mknod: return make_node(asked, here(), args[0], args[1]);
    case SYS_symlink: return make_symlink(asked, here(), args[1], args[0]);
#endif
    case SYS_openat: return open_file(asked, args[0], args[1], args[2], args[3]);
    case SYS_OPENAT2: return open_more(asked);
    case SYS_mkdirat: return make_directory(asked, args[0], args[1], args[2]);
    case SYS_mknodat: return make_node(asked, args[0], args[1], args[2]);
    case SYS_symlinkat: return make_symlink(asked, args[1], args[2], args[0]);
    default: return GOES_ON;
  }
}
