#ifndef TSBUILD_OOM_H
#define TSBUILD_OOM_H

#include <stdint.h>

/* How often the kernel killed for want of memory in this process's cgroup; in the whole system where that is not told. */
uint64_t oom_kills(void);

#endif
