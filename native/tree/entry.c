#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "tree/tree.h"

enum { CAPABILITY_V2_SIZE = 20, CAPABILITY_V3_SIZE = 24, DATA_PIECE = 128 * 1024 };

ssize_t read_capability(int fd, uint8_t capability[64]) {
  ssize_t size = fgetxattr(fd, "security.capability", capability, 64);
  if (size != CAPABILITY_V3_SIZE || capability[3] != 3) return size;
  /* Version 3 is version 2 and the root id of a user namespace, here our own: a root build would record version 2. */
  static const uint8_t own_root[4] = {0};
  if (memcmp(capability + CAPABILITY_V2_SIZE, own_root, 4) != 0) return size;
  capability[3] = 2;
  return CAPABILITY_V2_SIZE;
}

static enum entry_type type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return ENTRY_DIRECTORY;
    case S_IFLNK: return ENTRY_SYMLINK;
    case S_IFCHR: return ENTRY_CHARACTER;
    case S_IFBLK: return ENTRY_BLOCK;
    case S_IFIFO: return ENTRY_FIFO;
    default: return ENTRY_FILE;
  }
}

static void put_entry(struct lane *lane, const struct stat *st, enum entry_type type, const char *path, const char *link,
                      const uint8_t *capability, ssize_t capability_size) {
  bool device = type == ENTRY_CHARACTER || type == ENTRY_BLOCK;
  frame_begin(lane, FRAME_ENTRY);
  put_u8(lane, (uint8_t)type);
  put_u32(lane, st->st_mode & 07777);
  put_u32(lane, st->st_uid);
  put_u32(lane, st->st_gid);
  put_u64(lane, type == ENTRY_FILE ? (uint64_t)st->st_size : 0);
  put_u64(lane, (uint64_t)st->st_mtim.tv_sec);
  put_string(lane, path);
  put_string(lane, link);
  put_u32(lane, device ? major(st->st_rdev) : 0);
  put_u32(lane, device ? minor(st->st_rdev) : 0);
  put_u32(lane, capability_size > 0 ? 1 : 0);
  if (capability_size > 0) {
    put_string(lane, "security.capability");
    put_bytes(lane, capability, (size_t)capability_size);
  }
  frame_end(lane);
}

void send_directory(struct lane *lane, int fd, const struct stat *st, const char *path) {
  uint8_t capability[64];
  put_entry(lane, st, ENTRY_DIRECTORY, path, "", capability, read_capability(fd, capability));
}

static int send_contents(struct lane *lane, int fd, const struct found *found, struct error *error) {
  for (uint64_t left = (uint64_t)found->st->st_size; left > 0;) {
    if (lane_cancelled(lane)) return fail(error, ECANCELED, "Cannot finish reading");
    ssize_t got = frame_from_fd(lane, FRAME_DATA, fd, left < DATA_PIECE ? left : DATA_PIECE);
    if (got <= 0) return fail(error, got < 0 ? errno : EIO, "Cannot read '%s'", found->path);
    left -= (uint64_t)got;
  }
  return 0;
}

static int open_found(const struct found *found) {
  char link[32];
  if (*found->name) return openat(found->parent, found->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  snprintf(link, sizeof link, "/proc/self/fd/%d", found->parent);
  return open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static int send_file(struct lane *lane, const struct found *found, bool contents, struct error *error) {
  uint8_t capability[64];
  cleanup_close int fd = open_found(found);
  if (fd < 0) return fail(error, errno, "Cannot open '%s'", found->path);
  put_entry(lane, found->st, ENTRY_FILE, found->path, "", capability, read_capability(fd, capability));
  return contents ? send_contents(lane, fd, found, error) : 0;
}

int send_entry(struct lane *lane, const struct found *found, bool contents, struct error *error) {
  const struct stat *st = found->st;
  char target[PATH_MAX] = "";
  if (found->first) {
    put_entry(lane, st, ENTRY_HARDLINK, found->path, found->first, NULL, 0);
    return 0;
  }
  if (S_ISREG(st->st_mode)) return send_file(lane, found, contents, error);
  if (S_ISLNK(st->st_mode)) {
    ssize_t size = readlinkat(found->parent, found->name, target, sizeof target - 1);
    if (size < 0) return fail(error, errno, "Cannot read symlink '%s'", found->path);
    target[size] = 0;
  }
  put_entry(lane, st, type_of(st->st_mode), found->path, target, NULL, 0);
  return 0;
}
