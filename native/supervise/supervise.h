#ifndef TSBUILD_SUPERVISE_H
#define TSBUILD_SUPERVISE_H

#include "tree/owners.h"
#include "base/wire.h"

/*
 * With a single id, a process of its own answers a container's calls that are about owners (seccomp_unotify(2)). It is
 * in the container, as its root: it must be started before privileges are dropped.
 */

/* Starts it; the socket over which it gets its listener, or -1. `known`: uid:gid:path of what has an owner already. */
int supervisor_start(struct owners *owners, const struct strings *known, struct error *error);
/* Makes every such call of this process, and of all that come from it, one for that supervisor. 0, or -1 with errno. */
int supervisor_follow(int socket);

#endif
