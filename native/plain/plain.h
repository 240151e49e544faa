#ifndef TSBUILD_PLAIN_H
#define TSBUILD_PLAIN_H

#include "tree/changes.h"
#include "container/covers.h"

/*
 * A step in a plain tree by chroot(2), where no namespace and no mount is to be had: the worker's part. Its processes are
 * ended and its mounts taken out however it ends; also when the client is gone, of which the worker hears by SIGTERM.
 */
struct plain {
  struct covers covers;
  struct seen *before;
  struct openings openings;
  int64_t latest; /* time of the layer */
};

/* Looks at the tree, where its changes are asked for, and puts the mounts in. After a failure, too, plain_close has something to do. */
int plain_open(struct plain *plain, struct lane *lane, const struct plan *plan, struct error *error);
/* Both ends of the pipe at /dev/stdout or /dev/stderr of the tree; -1 where there is none. */
int plain_output(const struct plain *plain, const char *name, int *ours, int *theirs);
/*
 * When nothing of the step runs any more. -1 where this or anything before it failed, of which `error` tells the first.
 * Ends the process when the client is `lost`. Nothing is to be done for NULL.
 */
int plain_close(struct plain *plain, bool lost, struct error *error);
/* After that: what the step changed, where the client asked for it. */
int plain_send(struct plain *plain, struct error *error);
/* In the step's process: into the tree, for good. */
int plain_enter(int root, struct error *error);

#endif
