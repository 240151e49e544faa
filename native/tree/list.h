#ifndef TSBUILD_LIST_H
#define TSBUILD_LIST_H

#include "base/wire.h"

/* Sends every entry of a root filesystem, without contents. In a worker. */
int list(struct lane *lane, const struct frame *frame, struct error *error);

#endif
