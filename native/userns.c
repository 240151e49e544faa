#include "userns.h"

#include <stdint.h>
#include <stdio.h>

static uint64_t ids_mapped(bool *identity) {
  FILE *map = fopen("/proc/self/uid_map", "re");
  unsigned inside, outside, count;
  uint64_t sum = 0;
  *identity = false;
  while (map && fscanf(map, "%u %u %u", &inside, &outside, &count) == 3) {
    if (inside == 0 && outside == 0 && count == UINT32_MAX) *identity = true;
    sum += count;
  }
  if (map) fclose(map);
  return sum;
}

bool in_user_namespace(void) {
  bool identity;
  ids_mapped(&identity);
  return !identity;
}

bool has_single_id(void) {
  bool identity;
  return ids_mapped(&identity) == 1;
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
