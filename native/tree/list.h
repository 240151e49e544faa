#ifndef TSBUILD_LIST_H
#define TSBUILD_LIST_H

#include <sys/stat.h>

#include "base/wire.h"

/* Sends every entry of a root filesystem, without contents. In a worker. */
int list(struct lane *lane, const struct frame *frame, struct error *error);

/* Whether something in an open directory is not to be looked at; or the directory itself, of which `st` is then. */
typedef bool leaves_out(int directory, const struct stat *st);
/* Sends what is below a directory, with its bytes, under paths that begin with `prefix`. */
int list_below(struct lane *lane, int directory, const char *prefix, leaves_out *left_out, struct error *error);

#endif
