#ifndef TSBUILD_JOURNAL_H
#define TSBUILD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { LOG_PART = 32 * 1024 * 1024 };

/*
 * What is kept of a container in its state directory. `log`: for each piece of output u64 nanoseconds since 1970,
 * u32 size, u8 stream (1 or 2), three zeros, and the bytes; numbers are little-endian; what is older than
 * LOG_PART bytes is in `log.1`, and what is older still is gone. `exit`: a line of text with the
 * exit code, signal, failure, whether memory ran out, and the nanoseconds; then the message of the failure.
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

#endif
