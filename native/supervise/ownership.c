#include "supervise/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/memory.h"
#include "base/sys.h"

static const uint32_t KEEP = UINT32_MAX;

/* A path as a system call names it. */
struct place {
  pid_t pid;
  int directory; /* of the caller; AT_FDCWD */
  char path[PATH_MAX];
};

static const struct outcome GOES_ON = {.goes_on = true, .fd = -1};

static struct outcome returns(int64_t result) {
  return (struct outcome){.result = result, .fd = -1};
}

/* False where the kernel is to look at it: it says what is wrong, and alone knows what /proc/self and /dev/fd are. */
static bool read_place(struct place *place, const struct seccomp_notif *call, uint64_t directory, uint64_t path) {
  place->pid = (pid_t)call->pid;
  place->directory = (int)directory;
  if (path == 0) place->path[0] = 0;
  else if (memory_read_string(place->pid, path, place->path, sizeof place->path) < 0) return false;
  return strncmp(place->path, "/proc/", 6) != 0 && strncmp(place->path, "/dev/", 5) != 0;
}

/* Where the caller's path begins: its root, its current directory, or a descriptor of it. */
static int open_base(const struct place *place) {
  char link[64];
  if (place->path[0] == '/') snprintf(link, sizeof link, "/proc/%d/root", (int)place->pid);
  else if (place->directory == AT_FDCWD) snprintf(link, sizeof link, "/proc/%d/cwd", (int)place->pid);
  else snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)place->pid, place->directory);
  return open(link, O_PATH | O_CLOEXEC);
}

static int open_place(const struct place *place, bool follow) {
  int base = open_base(place);
  if (base < 0 || place->path[0] == 0) return base;
  uint64_t flags = O_PATH | (follow ? 0 : O_NOFOLLOW);
  int fd = sys_openat2(base, place->path, flags, 0, place->path[0] == '/' ? RESOLVE_INSIDE : 0);
  int saved = errno;
  close(base);
  errno = saved;
  return fd;
}

static void record(struct owners *owners, int fd, uid_t uid, gid_t gid) {
  struct stat st;
  if (owner_record(fd, uid, gid) < 0 && fstat(fd, &st) == 0) owners_note(owners, st.st_ino, uid, gid);
}

static bool find(const struct owners *owners, int fd, struct stat *st) {
  return owner_find(fd, "", st) || owners_find(owners, st);
}

static bool is_in(const struct credentials *who, gid_t gid) {
  for (uint32_t i = 0; i < who->group_count; i++)
    if (who->groups[i] == gid) return true;
  return gid == who->group[1];
}

static struct outcome change_owner(struct owners *owners, const struct credentials *who, const struct place *place,
                                   bool follow, uint32_t uid, uint32_t gid) {
  struct stat st;
  cleanup_close int fd = open_place(place, follow);
  if (fd < 0 || fstat(fd, &st) < 0) return GOES_ON;
  find(owners, fd, &st);
  bool gives = uid != KEEP && uid != st.st_uid, foreign = gid != KEEP && gid != st.st_gid && !is_in(who, gid);
  if (who->user[1] != 0 && (st.st_uid != who->user[1] || gives || foreign)) return returns(-EPERM);
  /* To nobody on disk: as a real change it takes setuid bits and capabilities away, and is a change of the file. */
  if (fchownat(fd, "", 0, 0, AT_EMPTY_PATH) < 0) return returns(-errno);
  record(owners, fd, uid == KEEP ? st.st_uid : uid, gid == KEEP ? st.st_gid : gid);
  return returns(0);
}

/* Most files are root's: one look tells, and the kernel does the rest. */
static bool is_roots(const struct owners *owners, const struct place *place, bool follow) {
  char path[PATH_MAX + 64];
  int pid = (int)place->pid, directory = place->directory;
  if (place->path[0] == '/') return owners_none_at(owners, place->path, follow);
  const char *slash = place->path[0] ? "/" : "";
  if (directory == AT_FDCWD) snprintf(path, sizeof path, "/proc/%d/cwd%s%s", pid, slash, place->path);
  else snprintf(path, sizeof path, "/proc/%d/fd/%d%s%s", pid, directory, slash, place->path);
  return owners_none_at(owners, path, follow || !place->path[0]);
}

static struct outcome show(const struct owners *owners, const struct place *place, bool follow, uint64_t to) {
  struct stat st;
  if (is_roots(owners, place, follow)) return GOES_ON;
  cleanup_close int fd = open_place(place, follow);
  if (fd < 0 || fstat(fd, &st) < 0 || !find(owners, fd, &st)) return GOES_ON;
  return returns(memory_write(place->pid, to, &st, sizeof st) < 0 ? -EFAULT : 0);
}

static struct outcome show_more(const struct owners *owners, const struct place *place, bool follow, unsigned flags,
                                unsigned mask, uint64_t to) {
  struct stat st;
  struct statx more;
  if (is_roots(owners, place, follow)) return GOES_ON;
  cleanup_close int fd = open_place(place, follow);
  if (fd < 0 || fstat(fd, &st) < 0 || !find(owners, fd, &st)) return GOES_ON;
  if (statx(fd, "", (int)(flags & AT_STATX_SYNC_TYPE) | AT_EMPTY_PATH, mask, &more) < 0) return returns(-errno);
  more.stx_uid = st.st_uid;
  more.stx_gid = st.st_gid;
  return returns(memory_write(place->pid, to, &more, sizeof more) < 0 ? -EFAULT : 0);
}

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
  record(owners, fd, who->user[1], gid);
}

/* As the kernel would see it, who sees root of the namespace in everybody. */
static bool may_write(int directory, const struct credentials *who) {
  struct stat st;
  if (fstat(directory, &st) < 0) return true;
  owner_find(directory, "", &st);
  mode_t needed = who->user[1] == st.st_uid ? 0300 : is_in(who, st.st_gid) ? 0030 : 0003;
  return who->user[1] == 0 || (st.st_mode & needed) == needed;
}

/* Makes what another user than root makes, so that it can be recorded as that user's; what is there already stays. */
static struct outcome make(struct owners *owners, const struct credentials *who, struct place *place, mode_t type,
                           uint64_t flags, mode_t mode, const char *target) {
  char *slash = strrchr(place->path, '/');
  cleanup_free char *name = must_format("%s", slash ? slash + 1 : place->path);
  if (*name == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return GOES_ON;
  if (slash == place->path) slash[1] = 0;
  else if (slash) *slash = 0;
  else strcpy(place->path, ".");
  cleanup_close int parent = open_place(place, true);
  if (parent < 0) return GOES_ON;
  struct stat there;
  if (fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0) return GOES_ON;
  if (!may_write(parent, who)) return returns(-EACCES);
  mode_t allowed = mode & ~umask_of(place->pid);
  int made = type == S_IFDIR   ? mkdirat(parent, name, allowed)
             : type == S_IFLNK ? symlinkat(target, parent, name)
             : type == S_IFREG ? openat(parent, name, (int)flags | O_EXCL | O_NOCTTY | O_CLOEXEC, allowed)
                               : mknodat(parent, name, type | allowed, 0);
  if (made < 0) return errno == EEXIST ? GOES_ON : returns(-errno);
  int opened = type == S_IFREG ? made : -1;
  cleanup_close int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) adopt(owners, who, parent, fd);
  return (struct outcome){.fd = opened, .close_on_exec = flags & O_CLOEXEC};
}

static struct outcome make_symlink(struct owners *owners, const struct credentials *who, struct place *place,
                                   uint64_t target) {
  char text[PATH_MAX];
  if (memory_read_string(place->pid, target, text, sizeof text) < 0) return GOES_ON;
  return make(owners, who, place, S_IFLNK, 0, 0777, text);
}

static struct outcome make_node(struct owners *owners, const struct credentials *who, struct place *place, mode_t mode) {
  mode_t type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
  if (type == S_IFREG) return GOES_ON;
  return type == S_IFIFO || type == S_IFSOCK ? make(owners, who, place, type, 0, mode & 07777, NULL) : GOES_ON;
}

static struct outcome change_at(struct owners *owners, const struct seccomp_notif *call, const struct credentials *who,
                                int at, bool follow) {
  const __u64 *args = call->data.args;
  struct place place;
  uint64_t directory = at == 0 ? (uint64_t)AT_FDCWD : args[0];
  if (!read_place(&place, call, directory, args[at])) return GOES_ON;
  return change_owner(owners, who, &place, follow, (uint32_t)args[at + 1], (uint32_t)args[at + 2]);
}

static struct outcome show_at(const struct owners *owners, const struct seccomp_notif *call, int at, bool follow) {
  const __u64 *args = call->data.args;
  struct place place;
  if (!read_place(&place, call, at == 0 ? (uint64_t)AT_FDCWD : args[0], args[at])) return GOES_ON;
  return show(owners, &place, follow, args[at + 1]);
}

/* Calls that make something: `at` is which argument is the path. Root makes its own files itself. */
static struct outcome make_at(struct owners *owners, const struct seccomp_notif *call, const struct credentials *who) {
  const __u64 *args = call->data.args;
  struct place place;
  int nr = call->data.nr, at = 1;
  if (who->user[1] == 0 && who->group[1] == 0) return GOES_ON;
#ifdef SYS_open
  if (nr == SYS_open || nr == SYS_creat || nr == SYS_mkdir || nr == SYS_mknod) at = 0;
  if (nr == SYS_symlink) {
    if (!read_place(&place, call, (uint64_t)AT_FDCWD, args[1])) return GOES_ON;
    return make_symlink(owners, who, &place, args[0]);
  }
#endif
  if (nr == SYS_symlinkat) {
    if (!read_place(&place, call, args[1], args[2])) return GOES_ON;
    return make_symlink(owners, who, &place, args[0]);
  }
  if (!read_place(&place, call, at == 0 ? (uint64_t)AT_FDCWD : args[0], args[at])) return GOES_ON;
  uint64_t second = args[at + 1], third = args[at + 2];
#ifdef SYS_open
  if (nr == SYS_mkdir) return make(owners, who, &place, S_IFDIR, 0, second & 07777, NULL);
  if (nr == SYS_mknod) return make_node(owners, who, &place, (mode_t)second);
  if (nr == SYS_creat)
    return make(owners, who, &place, S_IFREG, O_CREAT | O_WRONLY | O_TRUNC, second & 07777, NULL);
#endif
  if (nr == SYS_mkdirat) return make(owners, who, &place, S_IFDIR, 0, second & 07777, NULL);
  if (nr == SYS_mknodat) return make_node(owners, who, &place, (mode_t)second);
  return make(owners, who, &place, S_IFREG, second, third & 07777, NULL);
}

struct outcome ownership_answer(struct owners *owners, const struct seccomp_notif *call,
                                const struct credentials *who) {
  const __u64 *args = call->data.args;
  struct place place = {(pid_t)call->pid, (int)args[0], ""};
  switch (call->data.nr) {
#ifdef SYS_open
    case SYS_chown: return change_at(owners, call, who, 0, true);
    case SYS_lchown: return change_at(owners, call, who, 0, false);
    case SYS_stat: return show_at(owners, call, 0, true);
    case SYS_lstat: return show_at(owners, call, 0, false);
#endif
    case SYS_fchownat: return change_at(owners, call, who, 1, !(args[4] & AT_SYMLINK_NOFOLLOW));
    case SYS_fchown: return change_owner(owners, who, &place, true, (uint32_t)args[1], (uint32_t)args[2]);
    case SYS_newfstatat: return show_at(owners, call, 1, !(args[3] & AT_SYMLINK_NOFOLLOW));
    case SYS_fstat: return show(owners, &place, true, args[1]);
    case SYS_statx:
      if (!read_place(&place, call, args[0], args[1])) return GOES_ON;
      return show_more(owners, &place, !(args[2] & AT_SYMLINK_NOFOLLOW), (unsigned)args[2], (unsigned)args[3], args[4]);
    case SYS_chroot:
    case SYS_pivot_root: owners_change_root(owners); return GOES_ON;
    default: return make_at(owners, call, who);
  }
}
