#ifndef TSBUILD_CONTROL_H
#define TSBUILD_CONTROL_H

#include <poll.h>

#include "base/error.h"
#include "container/process.h"

enum { CONTROL_CALLERS = 128, CONTROL_POLLS = CONTROL_CALLERS + 1 };

struct caller {
  int fd;
  bool feeds;      /* all that it says is for the standard input */
  uint8_t size[4]; /* of a terminal, as far as it has come */
  uint8_t missing; /* bytes of that */
};

/*
 * A socket `control` in a container's state directory, for its owner alone. The kernel refuses connections to it from the
 * moment its worker is dead: that, and no process id, says whether the container runs, in whatever pid namespace the
 * question is asked. A byte that a caller writes is a signal's number for the container's first process, and `S` with an
 * errno or 0 is the answer; or `N`: it is not to be run again; `W`, u16 columns, u16 rows: the size of its terminal; `I`:
 * all that this caller writes from now on is for its standard input, and its hanging up does not end that. A caller that
 * stays is told `E` with the exit code when all is over, and is hung up on when the worker is done.
 */
struct control {
  int listener; /* -1: there is none */
  struct caller callers[CONTROL_CALLERS];
  size_t count;
};

/* `directory` "": no socket is made. */
int control_open(struct control *control, const char *directory, struct error *error);
/* Fills in what is to be waited for; how many there are, CONTROL_POLLS at most. `hungry`: input can be taken. */
size_t control_polls(const struct control *control, struct pollfd *fds, bool hungry);
/* Serves what poll(2) found. The process is not waited for yet. */
void control_serve(struct control *control, const struct pollfd *fds, struct process *process);
/* The container ended. */
void control_end(struct control *control, int code);

#endif
