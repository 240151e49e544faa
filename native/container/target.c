#include "container/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "tree/resolve.h"

/* Relative, and every component a name: not empty, not `.` or `..`. */
static bool is_sound(const char *path) {
  for (const char *at = path;; at++) {
    size_t size = strcspn(at, "/");
    if (size == 0 || size > 255 || (size == 1 && at[0] == '.') || (size == 2 && at[0] == '.' && at[1] == '.'))
      return false;
    at += size;
    if (*at == 0) return true;
  }
}

void target_forget(struct target *target) {
  free(target->parent_path);
  if (target->parent >= 0 && target->parent != target->root) close(target->parent);
  target->parent_path = NULL;
  target->parent = -1;
}

/* Opens a directory component by component and makes what is missing. */
static int make_parents(int root, char *path) {
  int at = fcntl(root, F_DUPFD_CLOEXEC, 3);
  char *position = NULL;
  for (char *name = strtok_r(path, "/", &position); name && at >= 0; name = strtok_r(NULL, "/", &position)) {
    int next = -1;
    if (mkdirat(at, name, 0755) == 0 || errno == EEXIST)
      next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int saved = errno;
    close(at);
    at = next;
    errno = saved;
  }
  return at;
}

int target_parent(struct target *target, const char *path, const char **name, struct error *error) {
  if (!is_sound(path)) return fail(error, EINVAL, "Cannot write '%s': the name leads out of the layer", path);
  const char *slash = strrchr(path, '/');
  size_t size = slash ? (size_t)(slash - path) : 0;
  *name = slash ? slash + 1 : path;
  if (target->parent_path && strncmp(target->parent_path, path, size) == 0 && target->parent_path[size] == 0)
    return target->parent;
  target_forget(target);
  target->parent_path = must_format("%.*s", (int)size, path);
  target->parent = size == 0 ? target->root : open_real(target->root, target->parent_path, O_PATH | O_DIRECTORY);
  if (target->parent < 0 && errno == ENOENT) {
    char *copy = must_format("%s", target->parent_path);
    target->parent = make_parents(target->root, copy);
    int saved = errno;
    free(copy);
    errno = saved;
  }
  if (target->parent >= 0) return target->parent;
  int code = errno;
  target_forget(target);
  if (code == ELOOP || code == ENOTDIR)
    return fail(error, code, "Cannot write '%s': a parent of it is a symlink or no directory in this layer", path);
  return fail(error, code, "Cannot open the parent of '%s'", path);
}
