#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tree/owners.h"
#include "base/userns.h"

enum { SMALL = 64 * 1024 };

int write_all(int fd, const void *data, size_t size) {
  for (const uint8_t *at = data; size > 0;) {
    ssize_t put = write(fd, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return -1;
    at += put;
    size -= (size_t)put;
  }
  return 0;
}

static int copy_plain(int from, off_t offset, int to, uint64_t size) {
  char buffer[SMALL];
  while (size > 0) {
    ssize_t got = pread(from, buffer, size < sizeof buffer ? size : sizeof buffer, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;
    if (got <= 0 || write_all(to, buffer, (size_t)got) < 0) return -1;
    offset += got;
    size -= (uint64_t)got;
  }
  return 0;
}

int copy_range(int from, off_t offset, int to, uint64_t size) {
  /* For small files a read and a write cost less than setting up the copy in the kernel. */
  while (size > SMALL) {
    ssize_t done = copy_file_range(from, &offset, to, NULL, size < (1U << 30) ? size : (1U << 30), 0);
    if (done < 0 && errno == EINTR) continue;
    /* Other file systems, older kernels, special files: copy_file_range(2) has many reasons to refuse. */
    if (done <= 0) break;
    size -= (uint64_t)done;
  }
  return copy_plain(from, offset, to, size);
}

int own(int fd, const char *name, uid_t uid, gid_t gid, int flags) {
  if (fchownat(fd, name, uid, gid, flags) == 0) return 0;
  if (errno != EINVAL || !has_single_id()) return -1;
  /* What can have no record on disk has its owner in the layer alone. */
  if (flags & AT_EMPTY_PATH) owner_record(fd, uid, gid);
  return 0;
}
