#include "tree/owners.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "base/files.h"

static const char NAME[] = "user.tsbuild.owner";

/* Address space alone, until it is written to. */
enum { OWNERS_SIZE = 64 * 1024 * 1024 };

struct owned {
  uint64_t inode;
  uint32_t uid, gid;
};

struct owners {
  uint32_t count, roots_changed;
  struct owned items[];
};

enum { MOST_OWNED = (OWNERS_SIZE - sizeof(struct owners)) / sizeof(struct owned) };

struct owners *owners_new(struct error *error) {
  struct owners *owners =
      mmap(NULL, OWNERS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (owners != MAP_FAILED) return owners;
  fail(error, errno, "Cannot map memory");
  return NULL;
}

bool owners_find(const struct owners *owners, struct stat *st) {
  if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) return false;
  for (size_t i = owners->count; i > 0; i--) {
    const struct owned *one = &owners->items[i - 1];
    if (one->inode != st->st_ino) continue;
    st->st_uid = one->uid;
    st->st_gid = one->gid;
    return true;
  }
  return false;
}

void owners_note(struct owners *owners, ino_t inode, uid_t uid, gid_t gid) {
  for (size_t i = owners->count; i > 0; i--) {
    if (owners->items[i - 1].inode != inode) continue;
    owners->items[i - 1] = (struct owned){inode, uid, gid};
    return;
  }
  if (owners->count < MOST_OWNED) owners->items[owners->count++] = (struct owned){inode, uid, gid};
}

void owners_change_root(struct owners *owners) {
  owners->roots_changed = 1;
}

bool owners_none_at(const struct owners *owners, const char *path, bool follow) {
  char value[32];
  if (owners->roots_changed || owners->count > 0) return false;
  ssize_t size = follow ? getxattr(path, NAME, value, sizeof value) : lgetxattr(path, NAME, value, sizeof value);
  return size < 0 && (errno == ENODATA || errno == EOPNOTSUPP);
}

int owners_save(const struct owners *owners, const char *beside, struct error *error) {
  if (owners->count == 0) return 0;
  cleanup_free char *file = must_format("%s.owners", beside);
  cleanup_close int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0 && write_all(fd, owners, sizeof *owners + owners->count * sizeof *owners->items) == 0) return 0;
  return fail(error, errno, "Cannot write '%s'", file);
}

struct owners *owners_read(const void *data, size_t size) {
  struct owners *owners = must_alloc(sizeof *owners + size);
  if (size < sizeof *owners) return owners;
  memcpy(owners, data, size);
  if (owners->count != (size - sizeof *owners) / sizeof *owners->items) owners->count = 0;
  return owners;
}

int owner_record(int fd, uid_t uid, gid_t gid) {
  char path[32], value[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (uid == 0 && gid == 0) {
    int removed = removexattr(path, NAME);
    return removed < 0 && errno != ENODATA ? -1 : 0;
  }
  int size = snprintf(value, sizeof value, "%u:%u", uid, gid);
  return setxattr(path, NAME, value, (size_t)size, 0);
}

bool owner_find(int directory, const char *name, struct stat *st) {
  char path[NAME_MAX + 64], value[32];
  unsigned uid, gid;
  if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) return false;
  snprintf(path, sizeof path, "/proc/self/fd/%d%s%s", directory, *name ? "/" : "", name);
  ssize_t size = *name ? lgetxattr(path, NAME, value, sizeof value - 1) : getxattr(path, NAME, value, sizeof value - 1);
  if (size <= 0) return false;
  value[size] = 0;
  if (sscanf(value, "%u:%u", &uid, &gid) != 2) return false;
  st->st_uid = uid;
  st->st_gid = gid;
  return true;
}
