#include "supervise/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/memory.h"
#include "base/sys.h"
#include "supervise/attributes.h"
#include "supervise/making.h"
#include "supervise/naming.h"
#include "supervise/place.h"
#include "supervise/rights.h"

static const uint32_t KEEP = UINT32_MAX;

static struct outcome change_owner(const struct asked *asked, const struct place *place, bool follow, uint32_t uid,
                                   uint32_t gid) {
  struct stat st;
  const struct credentials *who = caller_of(asked);
  cleanup_close int fd = place_open(place, follow);
  if (fd < 0 || fstat(fd, &st) < 0) return GOES_ON;
  find_owner(asked->owners, fd, &st);
  bool gives = uid != KEEP && uid != st.st_uid, foreign = gid != KEEP && gid != st.st_gid && !is_in_group(who, gid);
  if (who->user[1] != 0 && (st.st_uid != who->user[1] || gives || foreign)) return returns(-EPERM);
  /* To nobody on disk: as a real change it takes setuid bits and capabilities away, and is a change of the file. */
  if (fchownat(fd, "", 0, 0, AT_EMPTY_PATH) < 0) return returns(-errno);
  record_owner(asked->owners, fd, uid == KEEP ? st.st_uid : uid, gid == KEEP ? st.st_gid : gid);
  return returns(0);
}

static struct outcome change_at(const struct asked *asked, uint64_t directory, const __u64 *args, bool follow) {
  struct place place;
  if (!place_read(&place, asked->call, directory, args[0])) return GOES_ON;
  return change_owner(asked, &place, follow, (uint32_t)args[1], (uint32_t)args[2]);
}

/* Only an owner changes a mode (chmod(2)). */
static struct outcome change_mode(const struct asked *asked, const struct place *place, bool follow) {
  struct stat st;
  const struct credentials *who = caller_of(asked);
  if (who->user[1] == 0) return GOES_ON;
  cleanup_close int fd = place_open(place, follow);
  if (fd < 0 || fstat(fd, &st) < 0) return GOES_ON;
  find_owner(asked->owners, fd, &st);
  return st.st_uid == who->user[1] ? GOES_ON : returns(-EPERM);
}

static struct outcome change_mode_at(const struct asked *asked, uint64_t directory, uint64_t path, bool follow) {
  struct place place;
  return place_read(&place, asked->call, directory, path) ? change_mode(asked, &place, follow) : GOES_ON;
}

/* What a file says of itself, where that is not what it says on disk. */
static bool see(const struct asked *asked, const struct place *place, bool follow, struct stat *st) {
  char text[PATH_MAX + 64];
  place_text(place, text);
  enum look look = owners_look(asked->owners, text, follow || !place->path[0], st);
  if (look != UNSEEN) return look == ANOTHERS;
  cleanup_close int fd = place_open(place, follow);
  return fd >= 0 && fstat(fd, st) == 0 && find_owner(asked->owners, fd, st);
}

static struct outcome show(const struct asked *asked, const struct place *place, bool follow, uint64_t to) {
  struct stat st;
  if (!see(asked, place, follow, &st)) return GOES_ON;
  return returns(memory_write(place->pid, to, &st, sizeof st) < 0 ? -EFAULT : 0);
}

static struct outcome show_at(const struct asked *asked, uint64_t directory, uint64_t path, bool follow, uint64_t to) {
  struct place place;
  return place_read(&place, asked->call, directory, path) ? show(asked, &place, follow, to) : GOES_ON;
}

/* statx(2) */
static struct outcome show_more(const struct asked *asked) {
  struct place place;
  struct stat st;
  struct statx more;
  const __u64 *args = asked->call->data.args;
  bool follow = !(args[2] & AT_SYMLINK_NOFOLLOW);
  if (!place_read(&place, asked->call, args[0], args[1]) || !see(asked, &place, follow, &st)) return GOES_ON;
  cleanup_close int fd = place_open(&place, follow);
  if (fd < 0) return GOES_ON;
  if (statx(fd, "", (int)(args[2] & AT_STATX_SYNC_TYPE) | AT_EMPTY_PATH, (unsigned)args[3], &more) < 0)
    return returns(-errno);
  more.stx_uid = st.st_uid;
  more.stx_gid = st.st_gid;
  return returns(memory_write(place.pid, args[4], &more, sizeof more) < 0 ? -EFAULT : 0);
}

static struct outcome others(const struct asked *asked) {
  struct outcome outcome = making_answer(asked);
  if (outcome.goes_on) outcome = naming_answer(asked);
  return outcome.goes_on ? attributes_answer(asked) : outcome;
}

struct outcome ownership_answer(const struct asked *asked) {
  const __u64 *args = asked->call->data.args;
  struct place place = {(pid_t)asked->call->pid, (int)args[0], 0, ""};
  switch (asked->call->data.nr) {
#ifdef SYS_open
    case SYS_chown: return change_at(asked, here(), args, true);
    case SYS_lchown: return change_at(asked, here(), args, false);
    case SYS_chmod: return change_mode_at(asked, here(), args[0], true);
    case SYS_stat: return show_at(asked, here(), args[0], true, args[1]);
    case SYS_lstat: return show_at(asked, here(), args[0], false, args[1]);
#endif
    case SYS_fchownat: return change_at(asked, args[0], args + 1, !(args[4] & AT_SYMLINK_NOFOLLOW));
    case SYS_fchown: return change_owner(asked, &place, true, (uint32_t)args[1], (uint32_t)args[2]);
    case SYS_fchmodat: return change_mode_at(asked, args[0], args[1], true);
    case SYS_FCHMODAT2: return change_mode_at(asked, args[0], args[1], !(args[3] & AT_SYMLINK_NOFOLLOW));
    case SYS_fchmod: return change_mode(asked, &place, true);
    case SYS_newfstatat: return show_at(asked, args[0], args[1], !(args[3] & AT_SYMLINK_NOFOLLOW), args[2]);
    case SYS_fstat: return show(asked, &place, true, args[1]);
    case SYS_statx: return show_more(asked);
    case SYS_chroot:
    case SYS_pivot_root: owners_change_root(asked->owners); return GOES_ON;
    default: return others(asked);
  }
}
