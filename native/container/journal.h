#ifndef TSBUILD_JOURNAL_H
#define TSBUILD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include "base/error.h"

enum { LOG_PART = 32 * 1024 * 1024 };

/*
 * What is kept of a container in its state directory. `log`: for each piece of output u64 nanoseconds since 1970,
 * u32 size, u8 stream (1 or 2), three zeros, and the bytes; numbers are little-endian; what is older than
 * LOG_PART bytes is in `log.1`, and what is older still is gone. `exit`: a line of text with the
 * exit code, signal, failure, whether memory ran out, and the nanoseconds; then the message of the failure. `restarts`,
 * of a container that was run again, or rests before that: a line with how often, its process and when that started (0 0:
 * it rests), the exit code of its last end, whether memory ran out then, and the nanoseconds since which all that is so.
 */
struct journal {
  const char *directory; /* "": nothing is kept */
  int log;
  uint64_t size;
};

struct ending {
  int code, signal, failure;
  bool out_of_memory;
  const char *message;
};

int journal_open(struct journal *journal, const char *directory, struct error *error);
/* What cannot be written, for want of space, is left out: a log must not stop a container. */
void journal_output(struct journal *journal, uint8_t stream, const void *data, size_t size);
void journal_exit(const struct journal *journal, const struct ending *ending);
/* It ended like that, and rests before it is run again, which is the time number `count`. `pid`, `start`: it runs again. */
void journal_restart(const struct journal *journal, uint32_t count, const struct ending *last, pid_t pid, uint64_t start);

#endif
