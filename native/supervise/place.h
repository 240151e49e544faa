#ifndef TSBUILD_PLACE_H
#define TSBUILD_PLACE_H

#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A path as a system call of another thread names it. */
struct place {
  pid_t pid;
  int directory; /* of the caller; AT_FDCWD */
  uint64_t resolve; /* of openat2(2) */
  char path[PATH_MAX];
};

/* The directory of a call that takes none. */
static inline uint64_t here(void) {
  return (uint64_t)AT_FDCWD;
}

/* False where the kernel is to look at it: it says what is wrong, and alone knows what /proc/self and /dev/fd are. */
bool place_read(struct place *place, const struct seccomp_notif *call, uint64_t directory, uint64_t path);
/* A descriptor (O_PATH) of what is there; -1 with errno. */
int place_open(const struct place *place, bool follow);
/*
 * The directory that the last component lies in, opened O_PATH, and its name, which is left in `place`. -1 where there
 * is no such directory or no such name: then the kernel knows what to say. A `directory` may end with a slash.
 */
int place_parent(struct place *place, bool directory, const char **name);
/* Writes the path under which this process finds what is there, as long as all have the same root. */
void place_text(const struct place *place, char text[PATH_MAX + 64]);

#endif
