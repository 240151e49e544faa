#include "base/userns.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* PROC_USER_INIT_INO of linux/proc_ns.h: what maps say does not tell, as one may map every id to itself. */
static const ino_t FIRST_NAMESPACE = 0xEFFFFFFD;

bool in_user_namespace(void) {
  struct stat st;
  return stat("/proc/self/ns/user", &st) == 0 && st.st_ino != FIRST_NAMESPACE;
}

bool has_single_id(void) {
  FILE *map = fopen("/proc/self/uid_map", "re");
  unsigned inside, outside, count;
  uint64_t sum = 0;
  while (map && fscanf(map, "%u %u %u", &inside, &outside, &count) == 3) sum += count;
  if (map) fclose(map);
  return sum == 1;
}

bool has_group(unsigned gid) {
  FILE *map = fopen("/proc/self/gid_map", "re");
  unsigned inside, outside, count;
  bool found = false;
  while (map && fscanf(map, "%u %u %u", &inside, &outside, &count) == 3)
    if (gid >= inside && gid - inside < count) found = true;
  if (map) fclose(map);
  return found;
}
