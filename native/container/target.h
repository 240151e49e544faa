#ifndef TSBUILD_TARGET_H
#define TSBUILD_TARGET_H

#include "base/error.h"

/*
 * The directory that a layer is written into. Names in it come from untrusted archives: each is checked, and each parent
 * is opened beneath the directory with no symlink on the way.
 */
struct target {
  int root;
  char *parent_path; /* the parent used last, kept open: files of one directory come together */
  int parent;
};

/* The parent of `path`, made as 0755 of root where it is missing, and the last name. Belongs to `target`. */
int target_parent(struct target *target, const char *path, const char **name, struct error *error);
/* Forgets the open parent: a directory was removed. */
void target_forget(struct target *target);

#endif
