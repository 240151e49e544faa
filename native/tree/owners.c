#include "tree/owners.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "base/files.h"

const char OWNER_ATTRIBUTE[] = "user.tsbuild.owner";

struct owned {
  uint64_t inode;
  uint32_t uid, gid;
};

/* Address space alone, until it is written to. SLOTS is a power of two, at most half of which is used. */
enum { MOST_OWNED = 1 << 21, SLOTS = 1 << 22 };

struct owners {
  dev_t device; /* of the root filesystem; 0: of all that is noted */
  uint32_t count, roots_changed;
  struct owned items[MOST_OWNED];
  uint32_t slots[SLOTS]; /* by inode number: which item, from 1 on */
};

struct owners *owners_new(struct error *error) {
  struct owners *owners =
      mmap(NULL, sizeof *owners, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (owners != MAP_FAILED) return owners;
  fail(error, errno, "Cannot map memory");
  return NULL;
}

/* Numbers of other file systems, as of a tmpfs, are the same ones: those are noted as numbers that no inode has. */
static const uint64_t ELSEWHERE = (uint64_t)1 << 63;

static uint64_t number_of(const struct owners *owners, const struct stat *st) {
  if (owners->device == 0 || st->st_dev == owners->device) return st->st_ino;
  return ELSEWHERE | (st->st_ino ^ (uint64_t)st->st_dev << 40);
}

/* Where an inode's item is named, or would be: open addressing, from where its number leads. */
static uint32_t slot_of(const struct owners *owners, uint64_t inode) {
  uint32_t at = (uint32_t)(inode * 0x9e3779b97f4a7c15 >> 42);
  while (owners->slots[at] && owners->items[owners->slots[at] - 1].inode != inode) at = (at + 1) % SLOTS;
  return at;
}

bool owners_find(const struct owners *owners, struct stat *st) {
  if (owners->count == 0 || S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) return false;
  uint32_t number = owners->slots[slot_of(owners, number_of(owners, st))];
  if (number == 0) return false;
  st->st_uid = owners->items[number - 1].uid;
  st->st_gid = owners->items[number - 1].gid;
  return true;
}

static void note(struct owners *owners, uint64_t inode, uid_t uid, gid_t gid) {
  uint32_t slot = slot_of(owners, inode);
  if (owners->slots[slot] == 0 && (owners->count == MOST_OWNED || (uid == 0 && gid == 0))) return;
  if (owners->slots[slot] == 0) owners->slots[slot] = ++owners->count;
  owners->items[owners->slots[slot] - 1] = (struct owned){inode, uid, gid};
}

void owners_note(struct owners *owners, const struct stat *st, uid_t uid, gid_t gid) {
  note(owners, number_of(owners, st), uid, gid);
}

void owners_note_above(struct owners *owners, ino_t inode, uid_t uid, gid_t gid) {
  note(owners, inode, uid, gid);
}

void owners_begin(struct owners *owners, dev_t device) {
  owners->device = device;
}

bool owners_empty(const struct owners *owners) {
  return owners->count == 0;
}

void owners_change_root(struct owners *owners) {
  owners->roots_changed = 1;
}

static bool parse_owner(char *value, ssize_t size, struct stat *st) {
  unsigned uid, gid;
  if (size <= 0) return false;
  value[size] = 0;
  if (sscanf(value, "%u:%u", &uid, &gid) != 2) return false;
  st->st_uid = uid;
  st->st_gid = gid;
  return true;
}

/* Most files are root's, of which the attribute's absence tells. */
enum look owners_look(const struct owners *owners, const char *path, bool follow, struct stat *st) {
  char value[32];
  if (owners->roots_changed) return UNSEEN;
  ssize_t size = (follow ? getxattr : lgetxattr)(path, OWNER_ATTRIBUTE, value, sizeof value - 1);
  bool none = size < 0 && (errno == ENODATA || errno == EOPNOTSUPP);
  if (none && owners->count == 0) return ROOTS;
  if (!none && size < 0) return UNSEEN;
  if ((follow ? stat : lstat)(path, st) < 0) return UNSEEN;
  if (none) return owners_find(owners, st) ? ANOTHERS : ROOTS;
  return parse_owner(value, size, st) ? ANOTHERS : ROOTS;
}

int owners_save(const struct owners *owners, const char *beside, struct error *error) {
  if (owners->count == 0) return 0;
  cleanup_free char *file = must_format("%s.owners", beside);
  cleanup_close int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0 && write_all(fd, owners->items, owners->count * sizeof *owners->items) == 0) return 0;
  return fail(error, errno, "Cannot write '%s'", file);
}

struct owners *owners_read(const void *data, size_t size, struct error *error) {
  struct owners *owners = owners_new(error);
  const struct owned *items = data;
  for (size_t i = 0; owners && size % sizeof *items == 0 && i < size / sizeof *items; i++) {
    struct owned one;
    memcpy(&one, items + i, sizeof one);
    if (!(one.inode & ELSEWHERE)) note(owners, one.inode, one.uid, one.gid);
  }
  return owners;
}

int owner_record(int fd, uid_t uid, gid_t gid) {
  char path[32], value[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (uid == 0 && gid == 0) {
    int removed = removexattr(path, OWNER_ATTRIBUTE);
    return removed < 0 && errno != ENODATA ? -1 : 0;
  }
  int size = snprintf(value, sizeof value, "%u:%u", uid, gid);
  return setxattr(path, OWNER_ATTRIBUTE, value, (size_t)size, 0);
}

bool owner_find(int directory, const char *name, struct stat *st) {
  char path[NAME_MAX + 64], value[32];
  if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) return false;
  snprintf(path, sizeof path, "/proc/self/fd/%d%s%s", directory, *name ? "/" : "", name);
  ssize_t size = (*name ? lgetxattr : getxattr)(path, OWNER_ATTRIBUTE, value, sizeof value - 1);
  return parse_owner(value, size, st);
}
