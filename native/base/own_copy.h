#ifndef TSBUILD_OWN_COPY_H
#define TSBUILD_OWN_COPY_H

#include "base/error.h"

/*
 * Goes on as a copy of itself that nobody can reach by a path, or returns 0 where it is that copy. What runs in a container
 * may get hold of the file that its first process was started from and, where the container's root owns that file, write
 * to it (CVE-2019-5736).
 */
int become_copy(char **argv, struct error *error);

#endif
