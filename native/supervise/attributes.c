#include "supervise/attributes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/error.h"
#include "base/memory.h"
#include "supervise/place.h"

enum { MOST_NAMES = 64 * 1024 };

/* Fails as a file system does that has no such attribute; any other is the kernel's business. */
static struct outcome deny(const struct asked *asked, uint64_t name, int code) {
  char text[XATTR_NAME_MAX + 1];
  if (memory_read_string((pid_t)asked->call->pid, name, text, sizeof text) < 0) return GOES_ON;
  return strcmp(text, OWNER_ATTRIBUTE) == 0 ? returns(-code) : GOES_ON;
}

/* The names without that one; none at all where there is no other. */
static size_t without_owner(char *names, size_t size) {
  size_t kept = 0;
  for (size_t at = 0; at < size;) {
    size_t length = strlen(names + at) + 1;
    if (strcmp(names + at, OWNER_ATTRIBUTE) != 0) {
      memmove(names + kept, names + at, length);
      kept += length;
    }
    at += length;
  }
  return kept;
}

static struct outcome list(const struct asked *asked, const struct place *place, bool follow) {
  const __u64 *args = asked->call->data.args;
  char path[32];
  cleanup_close int fd = place_open(place, follow);
  if (fd < 0) return GOES_ON;
  struct stat st = {0};
  if (fstat(fd, &st) < 0 || !owner_find(fd, "", &st)) return GOES_ON;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  cleanup_free char *names = must_alloc(MOST_NAMES);
  ssize_t size = listxattr(path, names, MOST_NAMES);
  if (size < 0) return returns(-errno);
  size_t kept = without_owner(names, (size_t)size);
  if (args[2] == 0) return returns((int64_t)kept);
  if (kept > args[2]) return returns(-ERANGE);
  if (kept > 0 && memory_write(place->pid, args[1], names, kept) < 0) return returns(-EFAULT);
  return returns((int64_t)kept);
}

static struct outcome list_at(const struct asked *asked, bool follow) {
  struct place place;
  if (!place_read(&place, asked->call, here(), asked->call->data.args[0])) return GOES_ON;
  return list(asked, &place, follow);
}

struct outcome attributes_answer(const struct asked *asked) {
  const __u64 *args = asked->call->data.args;
  struct place place = {(pid_t)asked->call->pid, (int)args[0], 0, ""};
  switch (asked->call->data.nr) {
    case SYS_setxattr:
    case SYS_lsetxattr:
    case SYS_fsetxattr: return deny(asked, args[1], EOPNOTSUPP);
    case SYS_removexattr:
    case SYS_lremovexattr:
    case SYS_fremovexattr: return deny(asked, args[1], ENODATA);
    case SYS_listxattr: return list_at(asked, true);
    case SYS_llistxattr: return list_at(asked, false);
    case SYS_flistxattr: return list(asked, &place, true);
    default: return GOES_ON;
  }
}
