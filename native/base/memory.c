#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

enum { PAGE = 4096 };

int memory_read(pid_t pid, uint64_t from, void *to, size_t size) {
  struct iovec local = {to, size}, remote = {(void *)(uintptr_t)from, size};
  return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -1;
}

int memory_write(pid_t pid, uint64_t to, const void *from, size_t size) {
  struct iovec local = {(void *)(uintptr_t)from, size}, remote = {(void *)(uintptr_t)to, size};
  return process_vm_writev(pid, &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -1;
}

int memory_read_string(pid_t pid, uint64_t from, char *to, size_t size) {
  for (size_t used = 0; used < size;) {
    /* What lies behind the string may not be there: no page is read before it is known to be needed. */
    size_t piece = PAGE - (size_t)((from + used) % PAGE);
    if (piece > size - used) piece = size - used;
    if (memory_read(pid, from + used, to + used, piece) < 0) return -1;
    if (memchr(to + used, 0, piece)) return 0;
    used += piece;
  }
  errno = ENAMETOOLONG;
  return -1;
}
