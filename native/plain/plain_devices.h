#ifndef TSBUILD_PLAIN_DEVICES_H
#define TSBUILD_PLAIN_DEVICES_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Makes `name` in `parent` a /dev without mounts: device nodes where they can be made and opened; pipes as stdout and
 * stderr, whose other ends are the step's own output, as there is no /proc/self/fd for links to lead to; links to its
 * `terminal`, where it has one.
 */
int place_devices(int parent, const char *name, bool terminal, struct error *error);

#endif
