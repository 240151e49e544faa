#ifndef TSBUILD_OPENINGS_H
#define TSBUILD_OPENINGS_H

#include <stddef.h>

/*
 * Which files of a plain tree a step opens for writing. An overlay filesystem copies a file up then, so that it is in the
 * step's layer although nobody wrote to it (the /etc/.pwd.lock of useradd); no time of it tells (inotify(7) does).
 */

struct seen;

struct openings {
  int fd; /* to poll; -1 where there is no inotify */
  size_t room;
  struct seen **directories; /* by watch */
};

void openings_start(struct openings *openings);
/* From now on `directory`, which is `seen`, is watched; one that is too many for the kernel's limits is not. */
void openings_watch(struct openings *openings, int directory, struct seen *seen);
/* Notes what was opened and closed again since the last time. */
void openings_take(struct openings *openings);

#endif
