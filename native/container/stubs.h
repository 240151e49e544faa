#ifndef TSBUILD_STUBS_H
#define TSBUILD_STUBS_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Mount targets that were missing and were made. The list lies in shared memory: the container's setup fills it, the
 * worker outside reads it when the step has ended.
 */
struct stubs;

struct stubs *stubs_new(struct error *error);
/* Makes `name` in `parent` as a directory or an empty file; `path` is its real path below the root. */
int stubs_make(struct stubs *stubs, int parent, const char *name, const char *path, bool directory,
               struct error *error);
/* Removes what is still as it was made, and empty, gives its parents the times that they had before, and forgets all. */
void stubs_remove(struct stubs *stubs, int root);

#endif
