#include "plain/readonly.h"

#include <errno.h>
#include <fcntl.h>

#include "tree/changes.h"
#include "tree/tree.h"

int time_before(int aside, struct timespec *now, struct error *error) {
  struct stat st;
  cleanup_close int probe = openat(aside, "clock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (probe < 0 || futimens(probe, NULL) < 0 || fstat(probe, &st) < 0)
    return fail(error, errno, "Cannot read the clock of the file system");
  *now = st.st_ctim;
  return tree_pass(aside, now, error);
}

static bool holds_changes(const struct covers *covers, int parent, const char *name) {
  struct names names;
  bool changed = false;
  cleanup_close int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0 || names_read(directory, &names) < 0) return true;
  for (size_t i = 0; i < names.count && !changed; i++) {
    struct stat st;
    if (fstatat(directory, names.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0) changed = true;
    else if (covers_placed(covers, &st)) continue;
    else if (is_later(&st.st_ctim, &covers->placed)) changed = true;
    else if (S_ISDIR(st.st_mode)) changed = holds_changes(covers, directory, names.items[i]);
  }
  names_free(&names);
  return changed;
}

bool was_changed(const struct covers *covers, int parent, const char *name, const struct stat *placed) {
  struct stat st;
  if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != placed->st_ino) return true;
  return is_later(&st.st_ctim, &covers->placed) || (S_ISDIR(st.st_mode) && holds_changes(covers, parent, name));
}
