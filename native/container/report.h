#ifndef TSBUILD_REPORT_H
#define TSBUILD_REPORT_H

#include <stdbool.h>

#include "base/error.h"

/* What the processes of a container tell the worker outside, over a socket that closes on exec. */
enum report_kind {
  REPORT_ROOT,    /* the root filesystem is mounted; with its descriptor */
  REPORT_RUNNING, /* the command is about to run; with the terminal's master, where there is one */
  REPORT_ENDED,   /* the command ended; `value` is its wait status */
  REPORT_UNRUN,   /* the command could not be executed; `value` is an exit_failure */
  REPORT_FAILED   /* the container could not be set up */
};

struct report {
  enum report_kind kind;
  int value;
  struct error error;
};

/* `fd` -1: none goes with it. */
void report_send(int socket, const struct report *report, int fd);
/* False when nothing is there, or nothing will come any more. `fd` is -1 where none came. */
bool report_receive(int socket, struct report *report, int *fd);

#endif
