#ifndef TSBUILD_PRIVILEGES_H
#define TSBUILD_PRIVILEGES_H

#include "container/plan.h"

/*
 * Becomes the plan's user with the plan's capabilities, for good. In the process that will exec, last of all.
 * `supervisor`: a socket of supervise.h where users are but believed to be, or -1.
 */
int drop_privileges(const struct plan *plan, int supervisor, struct error *error);
/* Keeps only the plan's capabilities and hides from ptrace and /proc: for the first process of the container. */
int confine_init(const struct plan *plan, struct error *error);

#endif
