#ifndef TSBUILD_RESOLVE_H
#define TSBUILD_RESOLVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "container/stubs.h"

/*
 * Every path inside a root filesystem is opened here. Symlinks lead where they lead inside the root, `..` stops at it,
 * and the magic links of /proc are refused: they lead out of any root (CVE-2024-21626).
 */

/* Opens below `root`, symlinks followed inside it. -1 and errno. */
int open_in_root(int root, const char *path, int flags);
/* Opens below `root` where no component, the last too, is a symlink or `..`. -1 and errno. */
int open_real(int root, const char *path, int flags);

struct missing {
  bool directory;      /* what to make: a directory, or an empty file; parents are directories of mode 0755 */
  uid_t uid;           /* of all that is made */
  gid_t gid;
  struct stubs *stubs; /* where it is noted, or NULL */
};

/* An O_PATH descriptor of what is at `path`, made where it is missing. */
int make_in_root(int root, const char *path, const struct missing *missing, struct error *error);

#endif
