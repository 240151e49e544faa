#ifndef TSBUILD_CONTROL_H
#define TSBUILD_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { CONTROL_CALLERS = 32, CONTROL_POLLS = CONTROL_CALLERS + 1 };

/*
 * A socket `control` in a container's state directory. The kernel refuses connections to it from the moment its worker
 * is dead: that, and no process id, says whether the container runs, in whatever pid namespace the question is asked. A
 * byte that a caller writes is a signal's number for the container's first process, and `S` with an errno or 0 is the
 * answer. A caller that stays is told `E` with the exit code, and is hung up on when the worker is done.
 */
struct control {
  int listener; /* -1: there is none */
  int callers[CONTROL_CALLERS];
  size_t count;
};

/* `directory` "": no socket is made. */
int control_open(struct control *control, const char *directory, struct error *error);
/* Fills in what is to be waited for; how many there are, CONTROL_POLLS at most. */
size_t control_polls(const struct control *control, struct pollfd *fds);
/* Serves what poll(2) found; true where SIGKILL was asked for. `child` is not waited for yet. */
bool control_serve(struct control *control, const struct pollfd *fds, pid_t child);
/* The container ended. */
void control_end(struct control *control, int code);

#endif
