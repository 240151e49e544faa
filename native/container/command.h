#ifndef TSBUILD_COMMAND_H
#define TSBUILD_COMMAND_H

#include "container/plan.h"

/* Executes the plan's command, looked up as a shell would in the plan's PATH. Returns only when it could not. */
enum exit_failure exec_command(const struct plan *plan, struct error *error);

#endif
