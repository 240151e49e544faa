#include "container/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "base/memory.h"

/* The kernel's own slack is 50 µs; the first credentials, root's, are that. */
enum { FIRST_SLACK = 50000, MAX_PEOPLE = 4096 };
enum { REAL, EFFECTIVE, SAVED };
static const uint32_t KEEP = UINT32_MAX;

struct people {
  size_t count;
  struct credentials *items;
};

struct people *people_new(void) {
  struct people *people = must_alloc(sizeof *people);
  people->items = must_alloc(MAX_PEOPLE * sizeof *people->items);
  people->count = 1;
  return people;
}

static int open_slack(pid_t tid, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/timerslack_ns", (int)tid);
  return open(path, flags | O_CLOEXEC);
}

const struct credentials *people_find(const struct people *people, pid_t tid) {
  char text[32] = "";
  /* Until somebody becomes another, everybody is root. */
  if (people->count == 1) return people->items;
  cleanup_close int fd = open_slack(tid, O_RDONLY);
  if (fd >= 0) (void)!read(fd, text, sizeof text - 1);
  unsigned long slack = strtoul(text, NULL, 10);
  bool known = slack >= FIRST_SLACK && slack - FIRST_SLACK < people->count;
  return &people->items[known ? slack - FIRST_SLACK : 0];
}

static int64_t become(struct people *people, pid_t tid, const struct credentials *wanted) {
  size_t at = 0;
  while (at < people->count && memcmp(&people->items[at], wanted, sizeof *wanted) != 0) at++;
  if (at == MAX_PEOPLE) return -EAGAIN;
  if (at == people->count) people->items[people->count++] = *wanted;
  cleanup_close int fd = open_slack(tid, O_WRONLY);
  return fd >= 0 && dprintf(fd, "%zu", FIRST_SLACK + at) > 0 ? 0 : -EPERM;
}

static bool is_one_of(const uint32_t ids[3], uint32_t id) {
  return id == ids[REAL] || id == ids[EFFECTIVE] || id == ids[SAVED];
}

/* setresuid(2): root may become whoever it wants, others one of those that they are. */
static int64_t set_three(uint32_t ids[3], bool root, const uint32_t wanted[3]) {
  uint32_t next[3];
  for (int i = 0; i < 3; i++) {
    if (wanted[i] != KEEP && !root && !is_one_of(ids, wanted[i])) return -EPERM;
    next[i] = wanted[i] == KEEP ? ids[i] : wanted[i];
  }
  memcpy(ids, next, sizeof next);
  return 0;
}

/* setuid(2): root's changes all three. */
static int64_t set_one(uint32_t ids[3], bool root, uint32_t id) {
  return set_three(ids, root, root ? (uint32_t[]){id, id, id} : (uint32_t[]){KEEP, id, KEEP});
}

/* setreuid(2): the saved one follows the effective one where the real one is set, or the effective one is another. */
static int64_t set_two(uint32_t ids[3], bool root, uint32_t real, uint32_t effective) {
  uint32_t before = ids[REAL];
  int64_t result = set_three(ids, root, (uint32_t[]){real, effective, KEEP});
  if (result == 0 && (real != KEEP || (effective != KEEP && effective != before))) ids[SAVED] = ids[EFFECTIVE];
  return result;
}

static int64_t get_three(pid_t pid, const uint32_t ids[3], const __u64 *to) {
  for (int i = 0; i < 3; i++)
    if (memory_write(pid, to[i], &ids[i], sizeof ids[i]) < 0) return -EFAULT;
  return 0;
}

static int64_t get_groups(pid_t pid, const struct credentials *mine, uint64_t size, uint64_t to) {
  if (size == 0) return mine->group_count;
  if (size < mine->group_count) return -EINVAL;
  if (memory_write(pid, to, mine->groups, mine->group_count * sizeof(gid_t)) < 0) return -EFAULT;
  return mine->group_count;
}

static int64_t set_groups(pid_t pid, struct credentials *mine, uint64_t size, uint64_t from) {
  if (mine->user[EFFECTIVE] != 0) return -EPERM;
  if (size > MAX_GROUPS) return -EINVAL;
  memset(mine->groups, 0, sizeof mine->groups);
  mine->group_count = (uint32_t)size;
  return size > 0 && memory_read(pid, from, mine->groups, size * sizeof(gid_t)) < 0 ? -EFAULT : 0;
}

static int64_t change(struct people *people, const struct seccomp_notif *call) {
  const __u64 *args = call->data.args;
  uint32_t a = (uint32_t)args[0], b = (uint32_t)args[1], c = (uint32_t)args[2];
  pid_t pid = (pid_t)call->pid;
  const struct credentials *now = people_find(people, pid);
  struct credentials mine = *now;
  bool root = mine.user[EFFECTIVE] == 0;
  int64_t result = 0;
  switch (call->data.nr) {
    case SYS_setuid: result = set_one(mine.user, root, a); break;
    case SYS_setgid: result = set_one(mine.group, root, a); break;
    case SYS_setreuid: result = set_two(mine.user, root, a, b); break;
    case SYS_setregid: result = set_two(mine.group, root, a, b); break;
    case SYS_setresuid: result = set_three(mine.user, root, (uint32_t[]){a, b, c}); break;
    case SYS_setresgid: result = set_three(mine.group, root, (uint32_t[]){a, b, c}); break;
    default: result = set_groups(pid, &mine, args[0], args[1]); break;
  }
  return result == 0 && memcmp(&mine, now, sizeof mine) != 0 ? become(people, pid, &mine) : result;
}

bool people_answer(struct people *people, const struct seccomp_notif *call, int64_t *result) {
  const __u64 *args = call->data.args;
  pid_t pid = (pid_t)call->pid;
  switch (call->data.nr) {
    case SYS_getuid: *result = people_find(people, pid)->user[REAL]; return true;
    case SYS_getgid: *result = people_find(people, pid)->group[REAL]; return true;
    /* What setfsuid(2) changes, the owner of new files alone, goes with the effective ids; it returns the former one. */
    case SYS_setfsuid:
    case SYS_geteuid: *result = people_find(people, pid)->user[EFFECTIVE]; return true;
    case SYS_setfsgid:
    case SYS_getegid: *result = people_find(people, pid)->group[EFFECTIVE]; return true;
    case SYS_getresuid: *result = get_three(pid, people_find(people, pid)->user, args); return true;
    case SYS_getresgid: *result = get_three(pid, people_find(people, pid)->group, args); return true;
    case SYS_getgroups: *result = get_groups(pid, people_find(people, pid), args[0], args[1]); return true;
    case SYS_setuid:
    case SYS_setgid:
    case SYS_setreuid:
    case SYS_setregid:
    case SYS_setresuid:
    case SYS_setresgid:
    case SYS_setgroups: *result = change(people, call); return true;
    default: return false;
  }
}
