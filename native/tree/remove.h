#ifndef TSBUILD_REMOVE_H
#define TSBUILD_REMOVE_H

#include "base/wire.h"

/* Removes what is `name` in `parent`, with all that is in it; nothing happens where nothing is. Follows no symlink. */
int remove_tree(int parent, const char *name, struct error *error);

/* The commands of the wire, in a worker. */
int remove_trees(struct lane *lane, const struct frame *frame, struct error *error);
int sync_directory(struct lane *lane, const struct frame *frame, struct error *error);

#endif
