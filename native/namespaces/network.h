#ifndef TSBUILD_NETWORK_H
#define TSBUILD_NETWORK_H

#include "base/wire.h"

/*
 * Makes a network namespace, at a path, and starts the program that connects it; MADE and STARTED say so. It is connected when
 * the program writes something, to its descriptor 3 or to the FIFO `path`.ready. Both last until the client asks for their end
 * or is gone; DETACH makes them last as long as the helper. In a worker.
 */
int network(struct lane *lane, const struct frame *frame, struct error *error);
/* Joins the network namespace at a path. */
int join_network(const char *path, struct error *error);
/* Brings the loopback device of the current network namespace up. */
int loopback_up(struct error *error);

#endif
