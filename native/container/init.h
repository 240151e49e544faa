#ifndef TSBUILD_INIT_H
#define TSBUILD_INIT_H

#include <sys/types.h>

/*
 * The container's first process, when it is ours: reaps whatever ends in the container, passes signals on to the
 * command, and ends with it, whereupon the kernel kills what is left in the pid namespace.
 */
_Noreturn void init_main(pid_t command, int status);

#endif
