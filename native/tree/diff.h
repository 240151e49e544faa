#ifndef TSBUILD_DIFF_H
#define TSBUILD_DIFF_H

#include "base/wire.h"

/* Sends what an upper directory changes over its lower ones, as a layer records it. In a worker. */
int diff(struct lane *lane, const struct frame *frame, struct error *error);

#endif
