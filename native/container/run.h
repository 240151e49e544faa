#ifndef TSBUILD_RUN_H
#define TSBUILD_RUN_H

#include "base/wire.h"

/* Runs a container and answers with its exit; `error` where there is none to tell of. In a worker. */
int run(struct lane *lane, const struct frame *frame, struct error *error);

#endif
