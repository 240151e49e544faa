#ifndef TSBUILD_CONTAINER_H
#define TSBUILD_CONTAINER_H

#include <sys/types.h>

#include "container/join.h"
#include "tree/owners.h"
#include "container/plan.h"
#include "container/stubs.h"

/* What a container's first process gets from the worker. */
struct container {
  const struct plan *plan;
  struct stubs *stubs;
  struct owners *owners;       /* NULL where files have the owners that they are given */
  const struct joined *joined; /* NULL for a container of its own */
  int plain;    /* a plain tree to enter by chroot(2); -1: in namespaces */
  int status;   /* for reports */
  int stdio[3]; /* -1: the terminal's */
  bool filtered; /* it is in a group that opens the usual devices alone (device_filter.h); before: that has been made so */
};

/* Starts the container's first process in new namespaces. Its pid, or -1. */
pid_t container_start(struct container *container, struct error *error);

#endif
