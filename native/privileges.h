#ifndef TSBUILD_PRIVILEGES_H
#define TSBUILD_PRIVILEGES_H

#include "plan.h"

/* Becomes the plan's user with the plan's capabilities, for good. In the process that will exec, last of all. */
int drop_privileges(const struct plan *plan, struct error *error);
/* Keeps only the plan's capabilities and hides from ptrace and /proc: for the first process of the container. */
int confine_init(const struct plan *plan, struct error *error);

#endif
