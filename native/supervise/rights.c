#include "supervise/rights.h"

#include <fcntl.h>

#include "base/error.h"

bool is_in_group(const struct credentials *who, gid_t gid) {
  for (uint32_t i = 0; i < who->group_count; i++)
    if (who->groups[i] == gid) return true;
  return gid == who->group[1];
}

bool find_owner(const struct owners *owners, int fd, struct stat *st) {
  return owner_find(fd, "", st) || owners_find(owners, st);
}

void record_owner(struct owners *owners, int fd, uid_t uid, gid_t gid) {
  struct stat st;
  if (owner_record(fd, uid, gid) < 0 && fstat(fd, &st) == 0) owners_note(owners, &st, uid, gid);
}

bool may_use(const struct credentials *who, const struct stat *st, mode_t rights) {
  unsigned shift = who->user[1] == st->st_uid ? 6 : is_in_group(who, st->st_gid) ? 3 : 0;
  return who->user[1] == 0 || (st->st_mode >> shift & rights) == rights;
}

bool may_add(const struct owners *owners, const struct credentials *who, int directory) {
  struct stat st;
  if (who->user[1] == 0 || fstat(directory, &st) < 0) return true;
  find_owner(owners, directory, &st);
  return may_use(who, &st, MAY_WRITE | MAY_ENTER);
}

bool may_remove(const struct owners *owners, const struct credentials *who, int directory, const char *name) {
  struct stat parent, st;
  if (who->user[1] == 0 || fstat(directory, &parent) < 0) return true;
  find_owner(owners, directory, &parent);
  if (!may_use(who, &parent, MAY_WRITE | MAY_ENTER)) return false;
  if (!(parent.st_mode & S_ISVTX) || parent.st_uid == who->user[1]) return true;
  cleanup_close int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0) return true;
  find_owner(owners, fd, &st);
  return st.st_uid == who->user[1];
}
