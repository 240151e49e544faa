#ifndef TSBUILD_STREAMS_H
#define TSBUILD_STREAMS_H

#include "plain/plain.h"

/* The worker's ends of a container's standard streams, which do not block; -1 where there is none. */
struct streams {
  int in, out, err;
};

/* Opens them and the container's own, none with a terminal. `plain`: NULL in namespaces. */
int streams_open(const struct plan *plan, const struct plain *plain, struct streams *ours, int theirs[3],
                 struct error *error);

#endif
