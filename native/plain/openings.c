#include "plain/openings.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/error.h"
#include "tree/changes.h"

void openings_start(struct openings *openings) {
  openings->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

void openings_watch(struct openings *openings, int directory, struct seen *seen) {
  char path[32];
  if (openings->fd < 0) return;
  snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
  int watch = inotify_add_watch(openings->fd, path, IN_CLOSE_WRITE | IN_ONLYDIR);
  if (watch < 0) return;
  if ((size_t)watch >= openings->room) {
    size_t room = (size_t)watch * 2 + 64;
    openings->directories = must_realloc(openings->directories, room * sizeof *openings->directories);
    memset(openings->directories + openings->room, 0, (room - openings->room) * sizeof *openings->directories);
    openings->room = room;
  }
  openings->directories[watch] = seen;
}

void openings_take(struct openings *openings) {
  _Alignas(struct inotify_event) char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
  for (ssize_t got; openings->fd >= 0 && (got = read(openings->fd, buffer, sizeof buffer)) > 0;) {
    for (const char *at = buffer; at < buffer + got;) {
      const struct inotify_event *event = (const struct inotify_event *)at;
      at += sizeof *event + event->len;
      /* Its queue may overflow: then watch is -1. A directory that was removed says so under its number. */
      if (event->wd <= 0 || (size_t)event->wd >= openings->room || event->len == 0) continue;
      if (openings->directories[event->wd]) seen_opened(openings->directories[event->wd], event->name);
    }
  }
}
