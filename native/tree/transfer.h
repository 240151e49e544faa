#ifndef TSBUILD_TRANSFER_H
#define TSBUILD_TRANSFER_H

#include "base/wire.h"

/* Sends what is at a path of a container or of the host, with all that is below it. */
int fetch(struct lane *lane, const struct frame *frame, struct error *error);
/* Writes entries into a directory that is there. */
int put(struct lane *lane, const struct frame *frame, struct error *error);

#endif
