#include "tree/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "tree/tree.h"

enum { PATIENCE = 2500 };

struct seen {
  struct stat st;
  size_t count;
  struct names names; /* of a directory, sorted; `items` is as long */
  struct seen *items;
  bool opened; /* for writing, since */
};

struct comparer {
  struct lane *lane;
  struct path path;
  struct links links;
  const struct covers *covers;
  int64_t latest; /* time that the layer has */
};

/* A directory on the way down, sent when something in it has to be. */
struct level {
  struct level *parent;
  int directory;
  const struct seen *before; /* NULL where it is new */
  bool sent;
  struct stat st;
  size_t path_size;
};

bool is_later(const struct timespec *a, const struct timespec *b) {
  return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

struct sight {
  struct openings *openings;
  struct timespec latest;
};

static int see(int parent, const char *name, struct seen *seen, struct sight *sight, struct error *error) {
  if (fstatat(parent, name, &seen->st, AT_SYMLINK_NOFOLLOW) < 0) return fail(error, errno, "Cannot look at '%s'", name);
  if (is_later(&seen->st.st_ctim, &sight->latest)) sight->latest = seen->st.st_ctim;
  if (!S_ISDIR(seen->st.st_mode)) return 0;
  cleanup_close int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0 || names_read(directory, &seen->names) < 0) return fail(error, errno, "Cannot read '%s'", name);
  openings_watch(sight->openings, directory, seen);
  seen->count = seen->names.count;
  seen->items = must_alloc(seen->count * sizeof *seen->items);
  memset(seen->items, 0, seen->count * sizeof *seen->items);
  for (size_t i = 0; i < seen->count; i++)
    if (see(directory, seen->names.items[i], &seen->items[i], sight, error) < 0) return -1;
  return 0;
}

/*
 * A change in the same tick would leave the same time. A file's own clock is asked, as that of a network file system is
 * another machine's. Times far ahead differ from any that follow.
 */
int tree_pass(int aside, const struct timespec *latest, struct error *error) {
  cleanup_close int probe = openat(aside, "clock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (probe < 0) return fail(error, errno, "Cannot make a file beside the root filesystem");
  for (int tries = 0; tries < PATIENCE; tries++) {
    struct stat st;
    if (futimens(probe, NULL) < 0 || fstat(probe, &st) < 0)
      return fail(error, errno, "Cannot read the clock of the file system");
    if (is_later(&st.st_ctim, latest) || latest->tv_sec > st.st_ctim.tv_sec + 2) return 0;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return 0;
}

struct seen *tree_see(int root, int aside, struct openings *openings, struct error *error) {
  struct sight sight = {.openings = openings};
  struct seen *seen = must_alloc(sizeof *seen);
  memset(seen, 0, sizeof *seen);
  allow_depth();
  return see(root, ".", seen, &sight, error) < 0 || tree_pass(aside, &sight.latest, error) < 0 ? NULL : seen;
}

static int by_name(const void *name, const void *item) {
  return strcmp(name, *(char *const *)item);
}

void seen_opened(struct seen *directory, const char *name) {
  const struct names *names = &directory->names;
  char **found = names->count == 0 ? NULL : bsearch(name, names->items, names->count, sizeof *names->items, by_name);
  if (found) directory->items[found - names->items].opened = true;
}

static bool same_time(const struct timespec *a, const struct timespec *b) {
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_unchanged(const struct stat *now, const struct stat *before) {
  return now->st_ino == before->st_ino && now->st_dev == before->st_dev && now->st_mode == before->st_mode &&
         now->st_uid == before->st_uid && now->st_gid == before->st_gid && now->st_size == before->st_size &&
         same_time(&now->st_mtim, &before->st_mtim) && same_time(&now->st_ctim, &before->st_ctim);
}

static void send_levels(struct comparer *comparer, struct level *level) {
  if (!level || level->sent) return;
  send_levels(comparer, level->parent);
  cleanup_free char *path = must_format("%.*s", (int)level->path_size, comparer->path.text);
  send_directory(comparer->lane, level->directory, &level->st, path);
  level->sent = true;
}

static void send_whiteout(struct comparer *comparer, struct level *level, const char *name) {
  send_levels(comparer, level);
  size_t before = path_enter(&comparer->path, name);
  frame_begin(comparer->lane, FRAME_WHITEOUT);
  put_string(comparer->lane, comparer->path.text);
  frame_end(comparer->lane);
  path_leave(&comparer->path, before);
}

static int compare_directory(struct comparer *comparer, struct level *level, struct error *error);

static int compare(struct comparer *comparer, struct level *level, const char *name, const struct seen *before,
                   struct error *error) {
  struct stat st;
  if (fstatat(level->directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(error, errno, "Cannot look at '%s' in '%s'", name, comparer->path.text);
  if (S_ISSOCK(st.st_mode) || (before && covers_hid(comparer->covers, &st))) return 0;
  bool directory = S_ISDIR(st.st_mode);
  bool same = !directory && before && is_unchanged(&st, &before->st);
  if (same && !(before->opened && S_ISREG(st.st_mode))) return 0;
  size_t size = path_enter(&comparer->path, name);
  int result;
  if (directory) {
    cleanup_close int fd = openat(level->directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return fail(error, errno, "Cannot open '%s'", comparer->path.text);
    const struct seen *was = before && S_ISDIR(before->st.st_mode) ? before : NULL;
    struct level inner = {level, fd, was, false, st, comparer->path.size};
    if (!was || !same_directory(&st, &was->st, comparer->latest)) send_levels(comparer, &inner);
    result = compare_directory(comparer, &inner, error);
  } else {
    send_levels(comparer, level);
    const char *path = comparer->path.text;
    /* What was opened alone an overlay copies up without its other names. */
    const char *first = st.st_nlink > 1 && !same ? links_find(&comparer->links, &st, path) : NULL;
    result = send_entry(comparer->lane, &(struct found){level->directory, name, &st, path, first}, true, error);
  }
  path_leave(&comparer->path, size);
  return result;
}

static int compare_directory(struct comparer *comparer, struct level *level, struct error *error) {
  struct names names;
  static const struct seen nothing = {0};
  const struct seen *before = level->before ? level->before : &nothing;
  if (lane_cancelled(comparer->lane)) return fail(error, ECANCELED, "Cannot finish the diff");
  if (names_read(level->directory, &names) < 0)
    return fail(error, errno, "Cannot read directory '%s'", comparer->path.text);
  int result = 0;
  for (size_t i = 0, j = 0; result == 0 && (i < names.count || j < before->count);) {
    int order = i == names.count    ? 1
                : j == before->count ? -1
                                     : strcmp(names.items[i], before->names.items[j]);
    if (order > 0) send_whiteout(comparer, level, before->names.items[j]);
    else result = compare(comparer, level, names.items[i], order == 0 ? &before->items[j] : NULL, error);
    i += order <= 0;
    j += order >= 0;
  }
  names_free(&names);
  return result;
}

int changes_send(struct lane *lane, int root, const struct seen *before, const struct covers *covers, int64_t latest,
                 struct error *error) {
  struct comparer comparer = {.lane = lane, .covers = covers, .latest = latest};
  struct level top = {.before = before, .sent = true};
  comparer.path.text = must_alloc(comparer.path.room = 256);
  comparer.path.text[0] = 0;
  cleanup_close int directory = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return fail(error, errno, "Cannot open the root filesystem");
  top.directory = directory;
  return compare_directory(&comparer, &top, error);
}
