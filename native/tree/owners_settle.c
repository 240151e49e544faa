#include <fcntl.h>

#include "tree/owners.h"
#include "tree/tree.h"

static void settle(struct owners *owners, int shown, int upper) {
  struct names names;
  if (names_read(upper, &names) < 0) return;
  for (size_t i = 0; i < names.count; i++) {
    const char *name = names.items[i];
    struct stat above, st;
    if (fstatat(upper, name, &above, AT_SYMLINK_NOFOLLOW) < 0 || S_ISREG(above.st_mode) || is_whiteout(&above)) continue;
    if (S_ISDIR(above.st_mode)) {
      cleanup_close int inner = openat(upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      cleanup_close int seen = openat(shown, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (inner >= 0 && seen >= 0) settle(owners, seen, inner);
    } else if (fstatat(shown, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino != above.st_ino) {
      /* Whatever else had that number before is gone. */
      if (!owners_find(owners, &st)) st.st_uid = st.st_gid = 0;
      owners_note_above(owners, above.st_ino, st.st_uid, st.st_gid);
    }
  }
  names_free(&names);
}

void owners_settle(struct owners *owners, int root, const char *upper) {
  cleanup_close int directory = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  allow_depth();
  if (directory >= 0 && root >= 0 && !owners_empty(owners)) settle(owners, root, directory);
}
