#include "tree/diff.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "tree/overlay.h"
#include "tree/owners.h"
#include "tree/tree.h"
#include "base/userns.h"

struct differ {
  struct lane *lane;
  struct path path;
  struct links links;
  const char *opaque; /* name of the xattr */
  int64_t latest;     /* time that the layer has */
  bool single;        /* owners are recorded beside the files: owners.h */
  struct owners *noted;
};

/* A directory on the way down, sent when something in it has to be. */
struct level {
  struct level *parent;
  int upper, lower; /* lower: the merged lower directory, -1 where there is none */
  bool opaque;      /* nothing of `lower` is seen through this directory */
  bool sent;
  struct stat st;
  size_t path_size;
};

static void send_levels(struct differ *differ, struct level *level) {
  if (!level || level->sent) return;
  send_levels(differ, level->parent);
  char *path = must_format("%.*s", (int)level->path_size, differ->path.text);
  send_directory(differ->lane, level->upper, &level->st, path);
  free(path);
  level->sent = true;
}

static void send_whiteout(struct differ *differ, struct level *level, const char *name) {
  send_levels(differ, level);
  size_t before = path_enter(&differ->path, name);
  frame_begin(differ->lane, FRAME_WHITEOUT);
  put_string(differ->lane, differ->path.text);
  frame_end(differ->lane);
  path_leave(&differ->path, before);
}

static bool same_capability(int a, int b) {
  uint8_t left[64], right[64];
  ssize_t left_size = read_capability(a, left), right_size = read_capability(b, right);
  if (left_size <= 0 || right_size <= 0) return (left_size > 0) == (right_size > 0);
  return left_size == right_size && memcmp(left, right, (size_t)left_size) == 0;
}

/* True for a directory that overlayfs copied up for what is in it, and that nobody changed. */
static bool only_copied_up(const struct differ *differ, const struct level *level) {
  struct stat lower;
  if (level->lower < 0 || fstat(level->lower, &lower) < 0) return false;
  if (differ->single) owner_find(level->lower, "", &lower);
  return same_directory(&level->st, &lower, differ->latest) && same_capability(level->upper, level->lower);
}

static int diff_directory(struct differ *differ, struct level *level, struct error *error);

static int enter(struct differ *differ, struct level *parent, const char *name, const struct stat *st,
                 struct error *error) {
  cleanup_close int upper = openat(parent->upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (upper < 0) return fail(error, errno, "Cannot open '%s'", differ->path.text);
  cleanup_close int lower =
      parent->lower < 0 ? -1 : openat(parent->lower, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  char mark = 0;
  bool marked = fgetxattr(upper, differ->opaque, &mark, 1) == 1 && mark == 'y';
  /* Below an opaque directory overlayfs looks at no lower one any more, marked or not. */
  struct level level = {parent, upper, lower, marked || parent->opaque, false, *st, differ->path.size};
  if (!only_copied_up(differ, &level)) send_levels(differ, &level);
  return diff_directory(differ, &level, error);
}

static int visit(struct differ *differ, struct level *level, const char *name, struct error *error) {
  struct stat st;
  if (fstatat(level->upper, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(error, errno, "Cannot look at '%s' in '%s'", name, differ->path.text);
  if (S_ISSOCK(st.st_mode)) return 0;
  if (is_whiteout(&st)) {
    send_whiteout(differ, level, name);
    return 0;
  }
  size_t before = path_enter(&differ->path, name);
  if (differ->single && !owner_find(level->upper, name, &st)) owners_find(differ->noted, &st);
  int result;
  if (S_ISDIR(st.st_mode)) {
    result = enter(differ, level, name, &st, error);
  } else {
    send_levels(differ, level);
    const char *path = differ->path.text;
    const char *first = st.st_nlink > 1 ? links_find(&differ->links, &st, path) : NULL;
    result = send_entry(differ->lane, &(struct found){level->upper, name, &st, path, first}, true, error);
  }
  path_leave(&differ->path, before);
  return result;
}

/* The names of the upper directory and, where it is opaque, those of the lower one, in one order. */
static int diff_directory(struct differ *differ, struct level *level, struct error *error) {
  struct names names, hidden = {0};
  if (lane_cancelled(differ->lane)) return fail(error, ECANCELED, "Cannot finish the diff");
  if (names_read(level->upper, &names) < 0) return fail(error, errno, "Cannot read directory '%s'", differ->path.text);
  if (level->opaque && level->lower >= 0 && names_read(level->lower, &hidden) < 0) {
    names_free(&names);
    return fail(error, errno, "Cannot read lower directory '%s'", differ->path.text);
  }
  int result = 0;
  for (size_t i = 0, j = 0; result == 0 && (i < names.count || j < hidden.count);) {
    int order = i == names.count ? 1 : j == hidden.count ? -1 : strcmp(names.items[i], hidden.items[j]);
    if (order > 0) send_whiteout(differ, level, hidden.items[j]);
    else result = visit(differ, level, names.items[i], error);
    i += order <= 0;
    j += order >= 0;
  }
  names_free(&names);
  names_free(&hidden);
  return result;
}

int diff(struct lane *lane, const struct frame *frame, struct error *error) {
  struct reader reader = reader_of(frame);
  struct root_spec lowers = {.kind = ROOT_LAYERS};
  char *upper_path = must_format("%s", get_string(&reader));
  lowers.lowers = get_strings(&reader);
  struct bytes noted = get_bytes(&reader);
  int64_t latest = (int64_t)get_u64(&reader);
  if (reader_finish(&reader, "diff", error) < 0) return -1;
  struct differ differ = {.lane = lane, .latest = latest, .single = in_user_namespace() && has_single_id()};
  /* Looking whether the client cancels overwrites the frame. */
  if (!(differ.noted = owners_read(noted.data, noted.size, error))) return -1;
  differ.opaque = in_user_namespace() ? "user.overlay.opaque" : "trusted.overlay.opaque";
  allow_depth();
  struct level root = {.lower = -1, .sent = true};
  root.upper = open(upper_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root.upper < 0) return fail(error, errno, "Cannot open upper directory '%s'", upper_path);
  if (lowers.lowers.count > 0) {
    int view = root_view(&lowers, error);
    if (view < 0) return -1;
    root.lower = openat(view, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root.lower < 0) return fail(error, errno, "Cannot open the lower directories");
  }
  differ.path.text = must_alloc(differ.path.room = 256);
  if (diff_directory(&differ, &root, error) < 0) return -1;
  send_empty(lane, FRAME_DONE);
  return 0;
}
