#include "supervise/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/sys.h"

bool place_read(struct place *place, const struct seccomp_notif *call, uint64_t directory, uint64_t path) {
  place->pid = (pid_t)call->pid;
  place->directory = (int)directory;
  place->resolve = 0;
  if (path == 0) place->path[0] = 0;
  else if (memory_read_string(place->pid, path, place->path, sizeof place->path) < 0) return false;
  return strncmp(place->path, "/proc/", 6) != 0 && strncmp(place->path, "/dev/", 5) != 0;
}

static bool begins_at_root(const struct place *place) {
  return place->path[0] == '/' && !(place->resolve & RESOLVE_INSIDE);
}

/* Where the caller's path begins: its root, its current directory, or a descriptor of it. */
static int open_base(const struct place *place) {
  char link[64];
  if (begins_at_root(place)) snprintf(link, sizeof link, "/proc/%d/root", (int)place->pid);
  else if (place->directory == AT_FDCWD) snprintf(link, sizeof link, "/proc/%d/cwd", (int)place->pid);
  else snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)place->pid, place->directory);
  return open(link, O_PATH | O_CLOEXEC);
}

int place_open(const struct place *place, bool follow) {
  int base = open_base(place);
  if (base < 0 || place->path[0] == 0) return base;
  uint64_t flags = O_PATH | (follow ? 0 : O_NOFOLLOW);
  int fd = sys_openat2(base, place->path, flags, 0, place->resolve | (begins_at_root(place) ? RESOLVE_INSIDE : 0));
  int saved = errno;
  close(base);
  errno = saved;
  return fd;
}

int place_parent(struct place *place, bool directory, const char **name) {
  size_t size = strlen(place->path);
  while (directory && size > 1 && place->path[size - 1] == '/') place->path[--size] = 0;
  char *slash = strrchr(place->path, '/');
  *name = slash ? slash + 1 : place->path;
  if (**name == 0 || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) return -1;
  struct place above = *place;
  if (!slash) strcpy(above.path, ".");
  else above.path[slash == place->path ? 1 : slash - place->path] = 0;
  return place_open(&above, true);
}

void place_text(const struct place *place, char text[PATH_MAX + 64]) {
  const char *slash = place->path[0] ? "/" : "";
  int pid = (int)place->pid;
  if (place->path[0] == '/') strcpy(text, place->path);
  else if (place->directory == AT_FDCWD) snprintf(text, PATH_MAX + 64, "/proc/%d/cwd%s%s", pid, slash, place->path);
  else snprintf(text, PATH_MAX + 64, "/proc/%d/fd/%d%s%s", pid, place->directory, slash, place->path);
}
