#include "supervise/undelivered.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* Of threads that ended meanwhile nobody comes to ask: the oldest makes room. */
enum { MOST_KEPT = 64 };

struct kept {
  uint32_t pid; /* 0: nothing */
  struct seccomp_data data;
  struct outcome outcome;
};

struct undelivered {
  size_t next, count;
  struct kept items[MOST_KEPT];
};

struct undelivered *undelivered_new(void) {
  struct undelivered *undelivered = must_alloc(sizeof *undelivered);
  memset(undelivered, 0, sizeof *undelivered);
  return undelivered;
}

static void clear(struct undelivered *undelivered, struct kept *kept) {
  if (kept->pid == 0) return;
  kept->pid = 0;
  undelivered->count--;
}

bool undelivered_take(struct undelivered *undelivered, const struct seccomp_notif *call, struct outcome *outcome) {
  if (undelivered->count == 0) return false;
  for (struct kept *kept = undelivered->items; kept < undelivered->items + MOST_KEPT; kept++) {
    if (kept->pid != call->pid) continue;
    bool same = memcmp(&kept->data, &call->data, sizeof kept->data) == 0;
    if (same) *outcome = kept->outcome;
    /* It did not make it again: the handler leads elsewhere, or another thread has the number. */
    else if (kept->outcome.fd >= 0) close(kept->outcome.fd);
    clear(undelivered, kept);
    return same;
  }
  return false;
}

void undelivered_keep(struct undelivered *undelivered, const struct seccomp_notif *call, const struct outcome *outcome) {
  struct kept *kept = &undelivered->items[undelivered->next++ % MOST_KEPT];
  if (kept->pid != 0 && kept->outcome.fd >= 0) close(kept->outcome.fd);
  clear(undelivered, kept);
  *kept = (struct kept){call->pid, call->data, *outcome};
  undelivered->count++;
}
