#ifndef TSBUILD_COVERS_H
#define TSBUILD_COVERS_H

#include <sys/stat.h>

#include "container/plan.h"

/*
 * Mounts where nothing can be mounted: what stands at a target is put aside, and what the step is to see there is put in
 * its place, until the step has ended. In the worker, outside the root that the step is in, before and after it.
 */

struct covers {
  struct lane *lane;
  int root;  /* O_PATH: the root filesystem */
  int aside; /* a directory beside it */
  bool terminal; /* output is a terminal */
  size_t count;
  struct cover *items;
  struct timespec placed; /* when all of it was in its place */
};

/* Puts everything of the plan in its place. What was put before a failure is there to be taken out. */
int covers_put(struct covers *covers, const struct plan *plan, struct error *error);
/* Takes it all out again, the last one first, and puts back what stood there. */
int covers_take_out(struct covers *covers, struct error *error);
/* Before that: tells the client of each read-only mount that the step wrote to, in vain. */
void covers_tell(const struct covers *covers);
/* True for what was put in its place. */
bool covers_placed(const struct covers *covers, const struct stat *st);
/* True for what was put aside: nobody reached it, whatever its times say. */
bool covers_hid(const struct covers *covers, const struct stat *st);

#endif
