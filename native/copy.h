#ifndef TSBUILD_COPY_H
#define TSBUILD_COPY_H

#include "wire.h"

/* Copies the merged tree of a root filesystem into a plain directory. In a worker. */
int copy(struct lane *lane, const struct frame *frame, struct error *error);

#endif
