#ifndef TSBUILD_OOM_H
#define TSBUILD_OOM_H

#include "base/wire.h"

/*
 * How often the kernel killed for want of memory: in the first of these control groups that counts it, else in this
 * process's own, else in the whole system.
 */
uint64_t oom_kills(const struct strings *cgroups);

#endif
