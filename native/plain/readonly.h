#ifndef TSBUILD_PLAIN_READONLY_H
#define TSBUILD_PLAIN_READONLY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "container/covers.h"

/*
 * What stands in for a read-only mount can be written to: nothing keeps root of a container from that. That it was is seen
 * by the times of change, which no process can set (inode(7)).
 */

/* The time of the file system that `aside` is on; what changes after this has returned has a later one. */
int time_before(int aside, struct timespec *now, struct error *error);
/*
 * Whether `name` in `parent` is no more what it was when it was `placed`, or anything in it was changed since all was. What
 * else was placed in it is not of it.
 */
bool was_changed(const struct covers *covers, int parent, const char *name, const struct stat *placed);

#endif
