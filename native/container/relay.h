#ifndef TSBUILD_RELAY_H
#define TSBUILD_RELAY_H

#include "base/error.h"

/*
 * Makes a socket `name` in `parent` that leads to the one at `source`, which another root directory does not show: each
 * connection is passed on by a child of this process, until end_descendants().
 */
int relay_start(int parent, const char *name, const char *source, struct error *error);

#endif
