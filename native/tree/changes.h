#ifndef TSBUILD_CHANGES_H
#define TSBUILD_CHANGES_H

#include "container/covers.h"
#include "base/wire.h"
#include "plain/openings.h"

/*
 * What a step changes in a plain tree: all of it is looked at before and after. A change of a file always changes its
 * inode number or its time of change, which no process can set (inode(7)).
 */

struct seen;

bool is_later(const struct timespec *a, const struct timespec *b);

/* The tree as it is now, and watched. Waits, for some milliseconds at most, until a later change has a later time. */
struct seen *tree_see(int root, int aside, struct openings *openings, struct error *error);
/* Waits until the clock of the file system that `aside` is on has passed `latest`. */
int tree_pass(int aside, const struct timespec *latest, struct error *error);
/* `name` in `directory` was opened for writing. */
void seen_opened(struct seen *directory, const char *name);
/* Sends what is not as it was seen, in the order of a layer, whose times are no later than `latest`. */
int changes_send(struct lane *lane, int root, const struct seen *before, const struct covers *covers, int64_t latest,
                 struct error *error);

#endif
