#include "supervise/naming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "supervise/place.h"
#include "supervise/rights.h"


/* A name in a directory: what a call takes away, or gives. */
struct naming {
  struct place place;
  int parent;
  const char *name;
};

static bool read_name(struct naming *naming, const struct asked *asked, uint64_t directory, uint64_t path) {
  naming->parent = -1;
  if (!place_read(&naming->place, asked->call, directory, path)) return false;
  naming->parent = place_parent(&naming->place, true, &naming->name);
  return naming->parent >= 0;
}

/* True for what is there and has an owner that is noted by its number. */
static bool is_noted(const struct owners *owners, const struct naming *naming, struct stat *st) {
  return fstatat(naming->parent, naming->name, st, AT_SYMLINK_NOFOLLOW) == 0 && owners_find(owners, st);
}

static void note_again(struct owners *owners, const struct naming *naming, const struct stat *was) {
  struct stat now;
  if (fstatat(naming->parent, naming->name, &now, AT_SYMLINK_NOFOLLOW) == 0)
    owners_note(owners, &now, was->st_uid, was->st_gid);
}

/* Its number is another's soon. */
static void forget(struct owners *owners, const struct stat *gone) {
  if (gone->st_nlink == 1) owners_note(owners, gone, 0, 0);
}

static bool is_there(const struct naming *naming) {
  struct stat st;
  return fstatat(naming->parent, naming->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct outcome take_away(const struct asked *asked, uint64_t directory, uint64_t path) {
  struct naming gone;
  struct stat st;
  const struct credentials *who = caller_of(asked);
  if ((who->user[1] == 0 && owners_empty(asked->owners)) || !read_name(&gone, asked, directory, path)) return GOES_ON;
  cleanup_close int parent = gone.parent;
  if (is_there(&gone) && !may_remove(asked->owners, who, parent, gone.name)) return returns(-EACCES);
  if (is_noted(asked->owners, &gone, &st)) forget(asked->owners, &st);
  return GOES_ON;
}

static struct outcome move(const struct asked *asked, struct naming *from, struct naming *to, unsigned flags) {
  struct owners *owners = asked->owners;
  const struct credentials *who = caller_of(asked);
  struct stat moved, replaced;
  bool exchanges = flags & RENAME_EXCHANGE;
  if (!is_there(from)) return GOES_ON;
  if (!may_remove(owners, who, from->parent, from->name) || !may_add(owners, who, to->parent) ||
      (is_there(to) && !may_remove(owners, who, to->parent, to->name)))
    return returns(-EACCES);
  bool carries = is_noted(owners, from, &moved), replaces = is_noted(owners, to, &replaced);
  if (!carries && !replaces) return GOES_ON;
  if (syscall(SYS_renameat2, from->parent, from->name, to->parent, to->name, flags) < 0) return returns(-errno);
  if (replaces && exchanges) note_again(owners, from, &replaced);
  else if (replaces) forget(owners, &replaced);
  if (carries) note_again(owners, to, &moved);
  return returns(0);
}

static struct outcome rename_at(const struct asked *asked, const uint64_t from[2], const uint64_t to[2],
                                uint64_t flags) {
  struct naming old, new;
  if (owners_empty(asked->owners) && caller_of(asked)->user[1] == 0) return GOES_ON;
  if (!read_name(&old, asked, from[0], from[1])) return GOES_ON;
  cleanup_close int first = old.parent;
  if (!read_name(&new, asked, to[0], to[1])) return GOES_ON;
  cleanup_close int second = new.parent;
  return move(asked, &old, &new, (unsigned)flags);
}

static struct outcome link_at(const struct asked *asked, const uint64_t from[2], const uint64_t to[2], uint64_t flags) {
  struct naming new, old;
  struct stat st;
  const struct credentials *who = caller_of(asked);
  if ((owners_empty(asked->owners) && who->user[1] == 0) || !read_name(&new, asked, to[0], to[1])) return GOES_ON;
  cleanup_close int parent = new.parent;
  if (!is_there(&new) && !may_add(asked->owners, who, parent)) return returns(-EACCES);
  if ((flags & (AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) || !read_name(&old, asked, from[0], from[1])) return GOES_ON;
  cleanup_close int other = old.parent;
  if (!is_noted(asked->owners, &old, &st)) return GOES_ON;
  if (linkat(other, old.name, parent, new.name, 0) < 0) return returns(-errno);
  note_again(asked->owners, &new, &st);
  return returns(0);
}

struct outcome naming_answer(const struct asked *asked) {
  const __u64 *args = asked->call->data.args;
  switch (asked->call->data.nr) {
#ifdef SYS_unlink
    case SYS_unlink:
    case SYS_rmdir: return take_away(asked, here(), args[0]);
    case SYS_rename: return rename_at(asked, (uint64_t[]){here(), args[0]}, (uint64_t[]){here(), args[1]}, 0);
    case SYS_link: return link_at(asked, (uint64_t[]){here(), args[0]}, (uint64_t[]){here(), args[1]}, 0);
#endif
    case SYS_unlinkat: return take_away(asked, args[0], args[1]);
    case SYS_renameat: return rename_at(asked, (uint64_t[]){args[0], args[1]}, (uint64_t[]){args[2], args[3]}, 0);
    case SYS_renameat2:
      return rename_at(asked, (uint64_t[]){args[0], args[1]}, (uint64_t[]){args[2], args[3]}, args[4]);
    case SYS_linkat:
      return link_at(asked, (uint64_t[]){args[0], args[1]}, (uint64_t[]){args[2], args[3]}, args[4]);
    default: return GOES_ON;
  }
}
