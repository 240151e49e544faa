#ifndef TSBUILD_APPLY_H
#define TSBUILD_APPLY_H

#include "base/wire.h"

/* Writes a layer's changes into a directory, in overlay form. In a worker. */
int apply(struct lane *lane, const struct frame *frame, struct error *error);

#endif
