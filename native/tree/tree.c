#include "tree/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

struct link {
  dev_t device;
  ino_t inode;
  char *path;
};

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

int names_read(int directory, struct names *names) {
  char buffer[32 * 1024];
  size_t used = 0, room = 0;
  *names = (struct names){0};
  for (ssize_t got; (got = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) != 0;) {
    if (got < 0) {
      free(names->text);
      return -1;
    }
    for (ssize_t at = 0; at < got;) {
      const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);
      at += entry->d_reclen;
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      size_t size = strlen(entry->d_name) + 1;
      if (used + size > room) names->text = must_realloc(names->text, room = (used + size) * 2 + 1024);
      memcpy(names->text + used, entry->d_name, size);
      used += size;
      names->count++;
    }
  }
  names->items = must_alloc(names->count * sizeof(char *));
  char *at = names->text;
  for (size_t i = 0; i < names->count; i++, at += strlen(at) + 1) names->items[i] = at;
  if (names->count > 1) qsort(names->items, names->count, sizeof(char *), by_bytes);
  return 0;
}

void names_free(struct names *names) {
  free(names->items);
  free(names->text);
}

size_t path_enter(struct path *path, const char *name) {
  size_t before = path->size, size = strlen(name);
  if (before + size + 2 > path->room) path->text = must_realloc(path->text, path->room = (before + size) * 2 + 256);
  if (before > 0) path->text[path->size++] = '/';
  memcpy(path->text + path->size, name, size + 1);
  path->size += size;
  return before;
}

void path_leave(struct path *path, size_t size) {
  path->size = size;
  path->text[size] = 0;
}

static size_t slot_of(const struct links *links, dev_t device, ino_t inode) {
  size_t at = (size_t)(((uint64_t)inode * 0x9e3779b97f4a7c15ULL) ^ device) & (links->room - 1);
  while (links->items[at].path && (links->items[at].device != device || links->items[at].inode != inode))
    at = (at + 1) & (links->room - 1);
  return at;
}

static void grow(struct links *links) {
  struct links bigger = {links->count, links->room ? links->room * 2 : 64, NULL};
  bigger.items = must_alloc(bigger.room * sizeof *bigger.items);
  for (size_t i = 0; i < links->room; i++)
    if (links->items[i].path) bigger.items[slot_of(&bigger, links->items[i].device, links->items[i].inode)] = links->items[i];
  free(links->items);
  *links = bigger;
}

const char *links_find(struct links *links, const struct stat *st, const char *path) {
  if (links->count * 2 >= links->room) grow(links);
  struct link *link = &links->items[slot_of(links, st->st_dev, st->st_ino)];
  if (link->path) return link->path;
  *link = (struct link){st->st_dev, st->st_ino, must_format("%s", path)};
  links->count++;
  return NULL;
}

void links_free(struct links *links) {
  for (size_t i = 0; i < links->room; i++) free(links->items[i].path);
  free(links->items);
}

void allow_depth(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static int64_t said_time(const struct stat *st, int64_t latest) {
  return st->st_mtim.tv_sec > latest ? latest : st->st_mtim.tv_sec;
}

bool same_directory(const struct stat *a, const struct stat *b, int64_t latest) {
  return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
         said_time(a, latest) == said_time(b, latest);
}

bool is_whiteout(const struct stat *st) {
  return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}
