#ifndef TSBUILD_MEMORY_H
#define TSBUILD_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The memory of another process: what a system call of it points to. 0, or -1 with errno. */
int memory_read(pid_t pid, uint64_t from, void *to, size_t size);
int memory_write(pid_t pid, uint64_t to, const void *from, size_t size);
/* A string of at most `size` - 1 bytes. */
int memory_read_string(pid_t pid, uint64_t from, char *to, size_t size);

#endif
