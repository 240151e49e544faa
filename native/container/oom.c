#include "container/oom.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* The number after `key` at the start of a line; -1 where there is none. */
static int64_t read_counter(const char *path, const char *key) {
  FILE *file = fopen(path, "re");
  char line[256];
  unsigned long long value;
  int64_t found = -1;
  while (file && found < 0 && fgets(line, sizeof line, file))
    if (strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), " %llu", &value) == 1) found = (int64_t)value;
  if (file) fclose(file);
  return found;
}

static int64_t kills_in(const char *directory, bool unified) {
  cleanup_free char *path = must_format("%s/%s", directory, unified ? "memory.events" : "memory.oom_control");
  return read_counter(path, "oom_kill ");
}

/* The group of the memory controller that this process is in: version 2 has one hierarchy, version 1 one named memory. */
static int64_t kills_in_own_group(void) {
  FILE *file = fopen("/proc/self/cgroup", "re");
  char line[PATH_MAX];
  int64_t found = -1;
  while (file && found < 0 && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group) continue;
    *group++ = 0;
    bool unified = controllers[1] == 0;
    if (!unified && strcmp(controllers + 1, "memory") != 0) continue;
    cleanup_free char *directory = must_format("/sys/fs/cgroup%s%s", unified ? "" : "/memory", group);
    found = kills_in(directory, unified);
  }
  if (file) fclose(file);
  return found;
}

uint64_t oom_kills(const struct strings *cgroups) {
  int64_t count = -1;
  for (size_t i = 0; i < cgroups->count && count < 0; i++) {
    count = kills_in(cgroups->items[i], true);
    if (count < 0) count = kills_in(cgroups->items[i], false);
  }
  if (count < 0) count = kills_in_own_group();
  if (count < 0) count = read_counter("/proc/vmstat", "oom_kill ");
  return count < 0 ? 0 : (uint64_t)count;
}
