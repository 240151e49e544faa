#include "tree/marks.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/userns.h"

/*
 * Where no layer below has a directory, as when a foreign layer deletes what was never there, overlayfs looks for whiteouts
 * in it only where it seems to have been copied up (ovl_path_check_origin_xattr): else programs see a name without a file.
 */
static void expect_whiteouts(int directory) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
  setxattr(path, in_user_namespace() ? "user.overlay.origin" : "trusted.overlay.origin", "", 0, 0);
}

int mark_gone(int parent, const char *name) {
  if (mknodat(parent, name, S_IFCHR, 0) < 0) return -1;
  expect_whiteouts(parent);
  return 0;
}

int mark_opaque(int directory) {
  return fsetxattr(directory, in_user_namespace() ? "user.overlay.opaque" : "trusted.overlay.opaque", "y", 1, 0);
}
