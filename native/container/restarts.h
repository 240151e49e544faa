#ifndef TSBUILD_RESTARTS_H
#define TSBUILD_RESTARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

/* When a container that ended is run once more, and how long it rests before (moby restartmanager). */
struct restarts {
  enum restart_policy policy;
  uint32_t most;  /* 0: any number */
  uint32_t count; /* of those that were */
  int delay;      /* milliseconds of the last rest */
  int64_t since;  /* when it began to run, or to rest */
};

void restarts_began(struct restarts *restarts);
/* Whether one that ended with `code` is to be run once more: it rests from now on. */
bool restarts_again(struct restarts *restarts, int code);
/* Milliseconds that it has to rest yet. */
int restarts_left(const struct restarts *restarts);

#endif
