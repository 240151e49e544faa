#ifndef TSBUILD_PLAIN_DEVICES_H
#define TSBUILD_PLAIN_DEVICES_H

#include "base/error.h"

/*
 * Makes `name` in `parent` a /dev without mounts: device nodes where they can be made and opened; pipes as stdout and
 * stderr, whose other ends are the step's own output, as there is no /proc/self/fd for links to lead to.
 */
int place_devices(int parent, const char *name, struct error *error);

#endif
