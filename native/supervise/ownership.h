#ifndef TSBUILD_OWNERSHIP_H
#define TSBUILD_OWNERSHIP_H

#include "supervise/outcome.h"

/*
 * Calls that give files owners and show them, and all others that depend on owners, on behalf of a thread of the container,
 * whose root and /proc this process shares. What it may do to files is what that thread may: both are the one user that
 * there is.
 */
struct outcome ownership_answer(const struct asked *asked);

#endif
