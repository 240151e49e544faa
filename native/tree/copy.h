#ifndef TSBUILD_COPY_H
#define TSBUILD_COPY_H

#include "base/wire.h"

/* Copies the merged tree of a root filesystem into a plain directory. In a worker. */
int copy(struct lane *lane, const struct frame *frame, struct error *error);
/* Copies what `from` is open on, a file or a directory with all that is in it, to `name` in `to_parent`. */
int copy_opened(struct lane *lane, int from, int to_parent, const char *name, struct error *error);

#endif
