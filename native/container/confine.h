#ifndef TSBUILD_CONFINE_H
#define TSBUILD_CONFINE_H

#include "container/plan.h"

/* What holds a container's processes for good, beside privileges: run in its first process and in the command's. */

/* The plan's group of version 2, for clone3(2); -1 where there is none. In the worker. */
int open_unified_group(const struct plan *plan);
/*
 * Moves this process into the plan's control groups; `in_unified`: it was made in that of version 2. Before the control
 * group namespace is made and the root is left.
 */
int join_cgroups(const struct plan *plan, bool in_unified, struct error *error);
/*
 * Keeps the plan's control groups while nothing is in them, by a group in each that is named for this process: others
 * remove what is empty and whose maker is gone (runtime/limits/control-groups.ts). In the worker.
 */
void keep_cgroups(const struct plan *plan);
void release_cgroups(const struct plan *plan);
/* As root of the user namespace: raising a hard limit needs CAP_SYS_RESOURCE. */
int set_limits(const struct plan *plan, struct error *error);
/* The plan's seccomp filter. Without no_new_privs it needs CAP_SYS_ADMIN (seccomp(2)). */
int install_filter(const struct plan *plan, struct error *error);

#endif
