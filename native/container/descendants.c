#include "container/descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

struct process {
  pid_t pid, parent;
  bool ours, stopped;
};

struct processes {
  size_t count, room;
  struct process *items;
};

/* proc_pid_stat(5): the name, in parentheses, may hold anything; what follows is counted from its end. */
static pid_t parent_of(const char *pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (got <= 0) return 0;
  text[got] = 0;
  int parent = 0;
  char *end = strrchr(text, ')');
  return end && sscanf(end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static bool was_stopped(const struct processes *before, pid_t pid) {
  for (size_t i = 0; i < before->count; i++)
    if (before->items[i].pid == pid) return before->items[i].stopped;
  return false;
}

static struct processes list_all(const struct processes *before) {
  struct processes all = {0};
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; proc && (entry = readdir(proc));) {
    pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
    if (pid <= 0) continue;
    if (all.count == all.room) all.items = must_realloc(all.items, (all.room = all.room * 2 + 64) * sizeof *all.items);
    all.items[all.count++] = (struct process){pid, parent_of(entry->d_name), false, was_stopped(before, pid)};
  }
  if (proc) closedir(proc);
  return all;
}

static bool is_ours(const struct processes *all, pid_t parent, pid_t self) {
  if (parent == self) return true;
  for (size_t i = 0; i < all->count; i++)
    if (all->items[i].pid == parent) return all->items[i].ours;
  return false;
}

static bool is_spared(const pid_t *spared, size_t count, pid_t pid) {
  for (size_t i = 0; i < count; i++)
    if (spared[i] == pid) return true;
  return false;
}

static void mark_ours(struct processes *all, const pid_t *spared, size_t count) {
  pid_t self = getpid();
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < all->count; i++) {
      struct process *process = &all->items[i];
      if (process->ours || is_spared(spared, count, process->pid) || !is_ours(all, process->parent, self)) continue;
      process->ours = more = true;
    }
  }
}

/* Stops all before it kills one: nothing that forks faster than it is killed is left (a fork bomb). */
static bool stop_new(struct processes *all) {
  bool any = false;
  for (size_t i = 0; i < all->count; i++) {
    struct process *process = &all->items[i];
    if (!process->ours || process->stopped) continue;
    process->stopped = any = true;
    kill(process->pid, SIGSTOP);
  }
  return any;
}

/* Kills all of them at once; those whose parent is this process, or becomes it now, are to be waited for. */
static struct processes kill_all(const pid_t *spared, size_t count) {
  struct processes all = {0};
  for (bool more = true; more;) {
    struct processes next = list_all(&all);
    free(all.items);
    all = next;
    mark_ours(&all, spared, count);
    more = stop_new(&all);
  }
  for (size_t i = 0; i < all.count; i++)
    if (all.items[i].ours) kill(all.items[i].pid, SIGKILL);
  return all;
}

void end_descendants(void) {
  for (;;) {
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) continue;
    if (pid < 0 && errno == ECHILD) return;
    free(kill_all(NULL, 0).items);
    /* One has ended when the next round begins: what it leaves is this process's by then. */
    siginfo_t info;
    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
  }
}

void end_orphans(const pid_t *spared, size_t count) {
  for (bool more = true; more;) {
    struct processes all = kill_all(spared, count);
    more = false;
    for (size_t i = 0; i < all.count; i++) {
      if (!all.items[i].ours) continue;
      more = true;
      if (all.items[i].parent == getpid()) waitpid(all.items[i].pid, NULL, 0);
    }
    free(all.items);
  }
}
