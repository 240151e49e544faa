#ifndef TSBUILD_FILES_H
#define TSBUILD_FILES_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Copies `size` bytes of `from`, from `offset` on, to where `to` stands: shared extents or in the kernel where it can be. */
int copy_range(int from, off_t offset, int to, uint64_t size);
int write_all(int fd, const void *data, size_t size);
/* Changes an owner; where only one id exists, everything belongs to it, and the owner is recorded beside that. */
int own(int fd, const char *name, uid_t uid, gid_t gid, int flags);

#endif
