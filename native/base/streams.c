#include "base/streams.h"

#include <errno.h>
#include <fcntl.h>

static int open_pipe(int *ours, int *theirs, bool we_read, struct error *error) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return fail(error, errno, "Cannot make a pipe");
  *ours = we_read ? ends[0] : ends[1];
  *theirs = we_read ? ends[1] : ends[0];
  fcntl(*ours, F_SETFL, O_NONBLOCK);
  return 0;
}

static int open_output(const struct plain *plain, const char *name, int *ours, int *theirs, struct error *error) {
  if (plain && plain_output(plain, name, ours, theirs) == 0) return 0;
  return open_pipe(ours, theirs, true, error);
}

int streams_open(const struct plan *plan, const struct plain *plain, struct streams *ours, int theirs[3],
                 struct error *error) {
  if (plan->flags & PLAN_TERMINAL) return 0;
  if (open_output(plain, "stdout", &ours->out, &theirs[1], error) < 0) return -1;
  if (open_output(plain, "stderr", &ours->err, &theirs[2], error) < 0) return -1;
  if (plan->flags & PLAN_STDIN) return open_pipe(&ours->in, &theirs[0], false, error);
  theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return theirs[0] >= 0 ? 0 : fail(error, errno, "Cannot open /dev/null");
}
