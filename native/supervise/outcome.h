#ifndef TSBUILD_OUTCOME_H
#define TSBUILD_OUTCOME_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "container/credentials.h"
#include "tree/owners.h"

/* What a call comes to: its result, or a descriptor that the caller gets. */
struct outcome {
  bool goes_on; /* the kernel does it as it is */
  int64_t result;
  int fd; /* -1: none */
  bool close_on_exec;
};

static const struct outcome GOES_ON = {.goes_on = true, .fd = -1};

static inline struct outcome returns(int64_t result) {
  return (struct outcome){.result = result, .fd = -1};
}

/* A call of a thread of the container, and what is known there. Who it believes to be takes time to find out. */
struct asked {
  const struct seccomp_notif *call;
  struct owners *owners;
  const struct people *people;
};

static inline const struct credentials *caller_of(const struct asked *asked) {
  return people_find(asked->people, (pid_t)asked->call->pid);
}

#endif
