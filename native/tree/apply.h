#ifndef TSBUILD_APPLY_H
#define TSBUILD_APPLY_H

#include "base/wire.h"

/* Writes a layer's changes into a directory, in overlay form. In a worker. */
int apply(struct lane *lane, const struct frame *frame, struct error *error);

/* The same, into an open directory; with `merges` into one where there is more, of which nothing but files is replaced. */
int apply_into(struct lane *lane, int directory, bool merges, struct error *error);

#endif
