#ifndef TSBUILD_TREE_H
#define TSBUILD_TREE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/wire.h"

/* What walks of a directory tree have in common. */

/* The names in a directory but `.` and `..`, sorted by bytes. */
struct names {
  size_t count;
  char **items;
  char *text;
};
int names_read(int directory, struct names *names);
void names_free(struct names *names);

/* The path of where a walk is, relative to where it began. */
struct path {
  char *text;
  size_t size, room;
};
/* Goes down; returns what path_leave needs to come back. */
size_t path_enter(struct path *path, const char *name);
void path_leave(struct path *path, size_t size);

/* Which files with several names were met, and where first. */
struct links {
  size_t count, room;
  struct link *items;
};
/* The path under which the file was met before, or NULL, and then it is noted under `path`. */
const char *links_find(struct links *links, const struct stat *st, const char *path);
void links_free(struct links *links);

/* Raises the limit of open files: a walk keeps one for each level. */
void allow_depth(void);

bool is_whiteout(const struct stat *st);
/* Whether a layer whose times are no later than `latest` says the same of two directories. */
bool same_directory(const struct stat *a, const struct stat *b, int64_t latest);
/* security.capability as a layer records it, or size -1 where there is none. */
ssize_t read_capability(int fd, uint8_t capability[64]);

/*
 * Sends the entry of what is `name` in `parent` and, with `contents`, the bytes of a regular file. `first`: the path of
 * its first name where it is a hard link, else NULL. With a `name` of "", `parent` is an O_PATH descriptor of it.
 */
struct found {
  int parent;
  const char *name;
  const struct stat *st;
  const char *path;
  const char *first;
};
int send_entry(struct lane *lane, const struct found *found, bool contents, struct error *error);
/* Sends the entry of an open directory. */
void send_directory(struct lane *lane, int fd, const struct stat *st, const char *path);

#endif
