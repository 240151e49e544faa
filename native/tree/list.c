#include "tree/list.h"

#include <errno.h>
#include <fcntl.h>

#include "tree/overlay.h"
#include "tree/tree.h"

struct lister {
  struct lane *lane;
  leaves_out *left_out; /* NULL: entries alone are wanted, of everything */
  struct path path;
  struct links links;
};

static int list_directory(struct lister *lister, int directory, struct error *error);

static int visit(struct lister *lister, int parent, const char *name, struct error *error) {
  struct stat st;
  if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0) return fail(error, errno, "Cannot look at '%s'", name);
  /* A single layer is looked at as it lies: a whiteout in it hides nothing. */
  if (is_whiteout(&st) || S_ISSOCK(st.st_mode)) return 0;
  if (lister->left_out && !S_ISDIR(st.st_mode) && lister->left_out(parent, &st)) return 0;
  size_t before = path_enter(&lister->path, name);
  const char *path = lister->path.text;
  int result;
  if (S_ISDIR(st.st_mode)) {
    cleanup_close int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) return fail(error, errno, "Cannot open '%s'", path);
    send_directory(lister->lane, directory, &st, path);
    bool stays = lister->left_out && lister->left_out(directory, &st);
    result = stays ? 0 : list_directory(lister, directory, error);
  } else {
    const char *first = st.st_nlink > 1 ? links_find(&lister->links, &st, path) : NULL;
    result = send_entry(lister->lane, &(struct found){parent, name, &st, path, first}, lister->left_out != NULL, error);
  }
  path_leave(&lister->path, before);
  return result;
}

static int list_directory(struct lister *lister, int directory, struct error *error) {
  struct names names;
  if (lane_cancelled(lister->lane)) return fail(error, ECANCELED, "Cannot finish the list");
  if (names_read(directory, &names) < 0) return fail(error, errno, "Cannot read directory '%s'", lister->path.text);
  int result = 0;
  for (size_t i = 0; i < names.count && result == 0; i++) result = visit(lister, directory, names.items[i], error);
  names_free(&names);
  return result;
}

int list_below(struct lane *lane, int directory, const char *prefix, leaves_out *left_out, struct error *error) {
  struct lister lister = {.lane = lane, .left_out = left_out, .path = {must_alloc(256), 0, 256}};
  *lister.path.text = 0;
  if (*prefix) path_enter(&lister.path, prefix);
  return list_directory(&lister, directory, error);
}

int list(struct lane *lane, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  struct root_spec spec;
  struct lister lister = {.lane = lane};
  get_root(&reader, &spec);
  if (reader_finish(&reader, "list", error) < 0) return -1;
  allow_depth();
  lister.path.text = must_alloc(lister.path.room = 256);
  if (spec.kind != ROOT_LAYERS || spec.lowers.count > 0) {
    cleanup_close int view = root_view(&spec, error);
    cleanup_close int root = view < 0 ? -1 : openat(view, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (view >= 0 && root < 0) fail(error, errno, "Cannot open the root filesystem");
    if (root < 0 || list_directory(&lister, root, error) < 0) return -1;
  }
  send_empty(lane, FRAME_DONE);
  return 0;
}
