#ifndef TSBUILD_JOIN_H
#define TSBUILD_JOIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* The namespaces of a process of another container, by descriptor: -1 for those that are shared with it already. */
struct joined {
  int namespaces[6];
  int groups; /* /proc/PID/cgroup of the process */
};

/*
 * Opens the namespaces of process `pid`, which started at `start` (clock ticks since the boot): a number may be another
 * process's by now. The caller's next children are in its pid namespace.
 */
int join_open(struct joined *joined, pid_t pid, uint64_t start, struct error *error);
/* In such a child, before it joins the others: whether it is in the process's control group of version 2. */
bool join_shares_group(const struct joined *joined);
/* In such a child: joins the others. Its root is the container's then. */
int join_enter(const struct joined *joined, struct error *error);

/* When a process started: clock ticks since the boot; 0 where there is none. */
uint64_t process_start(pid_t pid);

/* The root filesystem of such a process, with all that is mounted in it, as an O_PATH descriptor. */
int join_root(pid_t pid, uint64_t start, struct error *error);

#endif
