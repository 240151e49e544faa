#ifndef TSBUILD_OWNERSHIP_H
#define TSBUILD_OWNERSHIP_H

#include "container/credentials.h"
#include "tree/owners.h"

/* What a call comes to: its result, or a descriptor that the caller gets. */
struct outcome {
  bool goes_on; /* the kernel does it as it is */
  int64_t result;
  int fd; /* -1: none */
  bool close_on_exec;
};

/*
 * Calls that give files owners, show them, and make files, on behalf of a thread of the container, whose root and /proc
 * this process shares. What it may do to files is what that thread may: both are the one user that there is.
 */
struct outcome ownership_answer(struct owners *owners, const struct seccomp_notif *call,
                                const struct credentials *caller);

#endif
