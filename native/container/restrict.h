#ifndef TSBUILD_RESTRICT_H
#define TSBUILD_RESTRICT_H

#include <stdbool.h>

/* Adds MS_RDONLY, MS_NOSUID, MS_NODEV and MS_NOEXEC to the mount behind a descriptor, and to those below it. 0 or -1 with errno. */
int restrict_mounts(int mount, unsigned long flags, bool recursive);

#endif
