#ifndef TSBUILD_MARKS_H
#define TSBUILD_MARKS_H

/* How a snapshot tells overlayfs that something below is gone. 0, or -1 with errno. */

/* What `name` is below; `parent` may be O_PATH. */
int mark_gone(int parent, const char *name);
/* All that is in the directory below. */
int mark_opaque(int directory);

#endif
