#include "container/covers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tree/copy.h"
#include "base/files.h"
#include "plain/plain_devices.h"
#include "plain/readonly.h"
#include "container/relay.h"
#include "tree/remove.h"
#include "tree/resolve.h"

enum { MAX_LINKS = 40 };

enum kind {
  STUB,   /* a directory on the way to a target: goes where it is still empty */
  PLACED, /* goes, with whatever was written to it */
  MOVED   /* goes back to where it came from */
};

struct cover {
  enum kind kind;
  int parent; /* reads */
  char *name;
  bool hides; /* something stood here: it is `aside`, under its number */
  struct stat hidden, placed;
  int source; /* MOVED: the directory that it came from, and its name there */
  char *source_name;
  const char *target; /* NULL where it may be written to */
};

/* A parent's times as they are now, and again when nothing but our own changes came after. */
struct times {
  int directory;
  struct timespec both[2];
};

static struct times keep_times(int directory) {
  struct stat st = {0};
  fstat(directory, &st);
  return (struct times){directory, {st.st_atim, st.st_mtim}};
}

static void restore_times(const struct times *times) {
  futimens(times->directory, times->both);
}

static struct cover *add(struct covers *covers, enum kind kind, int parent, const char *name) {
  covers->items = must_realloc(covers->items, (covers->count + 1) * sizeof *covers->items);
  struct cover *cover = &covers->items[covers->count++];
  *cover = (struct cover){.kind = kind, .parent = parent, .name = must_format("%s", name), .source = -1};
  return cover;
}

/* The directory at `path` in the root, made with all of its parents where it is missing. Reads. */
static int open_parent(struct covers *covers, const char *path, struct error *error) {
  int fd = open_in_root(covers->root, path, O_RDONLY | O_DIRECTORY);
  if (fd >= 0 || errno != ENOENT) return fd >= 0 ? fd : fail(error, errno, "Cannot open mount target '%s'", path);
  const char *slash = strrchr(path, '/');
  cleanup_free char *above = must_format("%.*s", slash ? (int)(slash - path) : 0, path);
  const char *name = slash ? slash + 1 : path;
  int parent = open_parent(covers, above, error);
  if (parent < 0) return -1;
  struct times times = keep_times(parent);
  if (mkdirat(parent, name, 0755) < 0) {
    close(parent);
    return fail(error, errno, "Cannot make mount target '%s'", path);
  }
  restore_times(&times);
  struct cover *stub = add(covers, STUB, parent, name);
  fstatat(parent, name, &stub->placed, AT_SYMLINK_NOFOLLOW);
  fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return fd >= 0 ? fd : fail(error, errno, "Cannot open mount target '%s'", path);
}

/* Where a target really is: the last component's symlinks, too, lead inside the root. */
static struct cover *begin(struct covers *covers, enum kind kind, const char *target, struct error *error) {
  cleanup_free char *path = must_format("%s", target);
  for (unsigned links = 0; links < MAX_LINKS; links++) {
    size_t size = strlen(path);
    while (size > 0 && path[size - 1] == '/') path[--size] = 0;
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (*name == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
      fail(error, EINVAL, "Cannot mount on '%s' without mounts", target);
      return NULL;
    }
    cleanup_free char *above = must_format("%.*s", slash ? (int)(slash - path) : 0, path);
    int parent = open_parent(covers, above, error);
    if (parent < 0) return NULL;
    char link[PATH_MAX];
    ssize_t got = readlinkat(parent, name, link, sizeof link - 1);
    if (got < 0) return add(covers, kind, parent, name);
    close(parent);
    link[got] = 0;
    char *next = link[0] == '/' ? must_format("%s", link) : must_format("%s/%s", above, link);
    free(path);
    path = next;
  }
  fail(error, ELOOP, "Cannot resolve mount target '%s'", target);
  return NULL;
}

/* Puts aside what stands at the target. */
static int hide(struct covers *covers, struct cover *cover, struct error *error) {
  char number[24];
  if (fstatat(cover->parent, cover->name, &cover->hidden, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  snprintf(number, sizeof number, "%zu", covers->count);
  if (renameat(cover->parent, cover->name, covers->aside, number) < 0)
    return fail(error, errno, "Cannot put '%s' aside", cover->name);
  cover->hides = true;
  return 0;
}

static int place_directory(const struct cover *cover, const struct mount_spec *spec) {
  if (mkdirat(cover->parent, cover->name, 0700) < 0) return -1;
  return fchmodat(cover->parent, cover->name, spec->mode, 0);
}

static int place_file(const struct cover *cover, const struct mount_spec *spec) {
  cleanup_close int file =
      openat(cover->parent, cover->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0 || write_all(file, spec->data.data, spec->data.size) < 0) return -1;
  return fchown(file, spec->uid, spec->gid) < 0 ? -1 : fchmod(file, spec->mode);
}

/* A part of a plain tree. Symlinks in it lead where they lead in that tree (CVE-2024-1753). */
static int place_copy(struct covers *covers, const struct cover *cover, const struct mount_spec *spec,
                      struct error *error) {
  cleanup_close int tree = open(spec->lowers.items[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
  cleanup_close int source = tree < 0 ? -1 : open_in_root(tree, spec->source, O_RDONLY);
  if (source < 0) return fail(error, errno, "Cannot open '%s' in the mounted layers", spec->source);
  return copy_opened(covers->lane, source, cover->parent, cover->name, error);
}

/* A file or directory of the container: a read-only cache, a volume. Links in it lead where they lead in that. */
static int place_readonly(struct covers *covers, const struct cover *cover, const struct mount_spec *spec,
                          struct error *error) {
  cleanup_close int top = open(spec->source, *spec->subpath ? O_PATH | O_DIRECTORY | O_CLOEXEC : O_RDONLY | O_CLOEXEC);
  cleanup_close int inner = *spec->subpath ? open_in_root(top, spec->subpath, O_RDONLY) : -1;
  int source = *spec->subpath ? inner : top;
  if (source < 0) return fail(error, errno, "Cannot open mount source '%s'", spec->source);
  return copy_opened(covers->lane, source, cover->parent, cover->name, error);
}

/* A directory that nobody else uses meanwhile comes and goes as a whole: a cache mount. */
static int place_moved(struct cover *cover, const struct mount_spec *spec, struct error *error) {
  /* What lies below was written by earlier steps: its parents are opened as in a root. */
  cleanup_free char *inner = must_format("%s", spec->subpath);
  for (size_t size = strlen(inner); size > 0 && inner[size - 1] == '/';) inner[--size] = 0;
  const char *path = *inner ? inner : spec->source;
  const char *slash = strrchr(path, '/');
  cleanup_free char *above = must_format("%.*s", slash ? (int)(slash - path) : 0, path);
  cleanup_close int top = open(spec->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
  cover->source = *inner ? open_in_root(top, above, O_RDONLY | O_DIRECTORY)
                         : open(*above ? above : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  cover->source_name = must_format("%s", slash ? slash + 1 : path);
  if (cover->source >= 0 && renameat(cover->source, cover->source_name, cover->parent, cover->name) == 0) return 0;
  return fail(error, errno, "Cannot move mount source '%s' to '%s'", spec->source, spec->target);
}

static int place(struct covers *covers, struct cover *cover, const struct mount_spec *spec, struct error *error) {
  int placed = -1;
  switch (spec->type) {
    case MOUNT_TMPFS: placed = place_directory(cover, spec); break;
    case MOUNT_FILE: placed = place_file(cover, spec); break;
    case MOUNT_DEV: placed = place_devices(cover->parent, cover->name, covers->terminal, error); break;
    case MOUNT_LAYERS: placed = place_copy(covers, cover, spec, error); break;
    case MOUNT_BIND:
      placed = cover->kind == MOVED               ? place_moved(cover, spec, error)
               : spec->flags & FLAG_READONLY ? place_readonly(covers, cover, spec, error)
                                             : relay_start(cover->parent, cover->name, spec->source, error);
      break;
    default: return fail(error, EINVAL, "Cannot mount on '%s': nothing can be mounted here", spec->target);
  }
  if (placed < 0 && error->message[0] == 0) fail(error, errno, "Cannot make '%s'", spec->target);
  if (placed == 0 && fstatat(cover->parent, cover->name, &cover->placed, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(error, errno, "Cannot look at '%s'", spec->target);
  return placed;
}

/* A volume of the container's own: what is written to it the tree keeps, which is the container's own as well. */
static int put_volume(struct covers *covers, const struct mount_spec *spec, struct error *error) {
  cleanup_free char *path = must_format("%s", spec->target);
  for (size_t size = strlen(path); size > 0 && path[size - 1] == '/';) path[--size] = 0;
  cleanup_close int directory = open_parent(covers, path, error);
  return directory < 0 ? -1 : 0;
}

static int put(struct covers *covers, const struct mount_spec *spec, struct error *error) {
  if (spec->type == MOUNT_LAYERS && *spec->upper) return put_volume(covers, spec, error);
  struct stat st;
  bool socket = spec->type == MOUNT_BIND && stat(spec->source, &st) == 0 && S_ISSOCK(st.st_mode);
  bool moves = spec->type == MOUNT_BIND && !socket && !(spec->flags & FLAG_READONLY);
  struct cover *cover = begin(covers, moves ? MOVED : PLACED, spec->target, error);
  if (!cover) return -1;
  struct times times = keep_times(cover->parent);
  int result = hide(covers, cover, error) < 0 ? -1 : place(covers, cover, spec, error);
  restore_times(&times);
  if ((spec->flags & FLAG_READONLY) && !socket) covers->items[covers->count - 1].target = spec->target;
  return result;
}

int covers_put(struct covers *covers, const struct plan *plan, struct error *error) {
  for (size_t i = 0; i < plan->mount_count; i++)
    if (put(covers, &plan->mounts[i], error) < 0) return -1;
  return time_before(covers->aside, &covers->placed, error);
}

/* What was moved goes back; where the step removed it, an empty directory does. */
static int move_back(const struct cover *cover, struct error *error) {
  struct stat now;
  if (cover->placed.st_ino == 0) return 0;
  if (fstatat(cover->parent, cover->name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == cover->placed.st_ino &&
      renameat(cover->parent, cover->name, cover->source, cover->source_name) == 0)
    return 0;
  const struct stat *was = &cover->placed;
  if (mkdirat(cover->source, cover->source_name, 0700) == 0 &&
      fchownat(cover->source, cover->source_name, was->st_uid, was->st_gid, AT_SYMLINK_NOFOLLOW) == 0 &&
      fchmodat(cover->source, cover->source_name, was->st_mode & 07777, 0) == 0)
    return 0;
  return fail(error, errno, "Cannot put the cache mount '%s' back", cover->name);
}

static int take_out(struct covers *covers, size_t number, struct error *error) {
  struct cover *cover = &covers->items[number - 1];
  struct times times = keep_times(cover->parent);
  struct stat now;
  int result = 0;
  char aside[24];
  if (cover->kind == STUB) {
    if (fstatat(cover->parent, cover->name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == cover->placed.st_ino)
      unlinkat(cover->parent, cover->name, AT_REMOVEDIR);
  } else {
    if (cover->kind == MOVED) result = move_back(cover, error);
    if (remove_tree(cover->parent, cover->name, error) < 0) result = -1;
  }
  snprintf(aside, sizeof aside, "%zu", number);
  /* ENOENT: the step removed the directory that it stood in, and it with that. */
  if (cover->hides && renameat(covers->aside, aside, cover->parent, cover->name) < 0 && errno != ENOENT)
    result = fail(error, errno, "Cannot put '%s' back", cover->name);
  restore_times(&times);
  close(cover->parent);
  close_later(&cover->source);
  return result;
}

void covers_tell(const struct covers *covers) {
  for (size_t i = 0; covers->placed.tv_sec && i < covers->count; i++) {
    const struct cover *cover = &covers->items[i];
    if (!cover->target || !was_changed(covers, cover->parent, cover->name, &cover->placed)) continue;
    frame_begin(covers->lane, FRAME_WASTED);
    put_string(covers->lane, cover->target);
    frame_end(covers->lane);
  }
}

bool covers_placed(const struct covers *covers, const struct stat *st) {
  for (size_t i = 0; i < covers->count; i++) {
    const struct stat *placed = &covers->items[i].placed;
    if (placed->st_ino == st->st_ino && placed->st_dev == st->st_dev) return true;
  }
  return false;
}

int covers_take_out(struct covers *covers, struct error *error) {
  int result = 0;
  for (size_t i = covers->count; i > 0; i--)
    if (take_out(covers, i, error) < 0) result = -1;
  return result;
}

bool covers_hid(const struct covers *covers, const struct stat *st) {
  for (size_t i = 0; i < covers->count; i++) {
    const struct cover *cover = &covers->items[i];
    if (cover->hides && cover->hidden.st_ino == st->st_ino && cover->hidden.st_dev == st->st_dev) return true;
  }
  return false;
}
