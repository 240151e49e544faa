#include "oom.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

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

/* The file of the memory controller with the counter: version 2 has one hierarchy, version 1 one named memory. */
static int64_t from_cgroup(void) {
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
    cleanup_free char *path = must_format("/sys/fs/cgroup%s%s/%s", unified ? "" : "/memory", group,
                                          unified ? "memory.events" : "memory.oom_control");
    found = read_counter(path, "oom_kill ");
  }
  if (file) fclose(file);
  return found;
}

uint64_t oom_kills(void) {
  int64_t count = from_cgroup();
  if (count < 0) count = read_counter("/proc/vmstat", "oom_kill ");
  return count < 0 ? 0 : (uint64_t)count;
}
