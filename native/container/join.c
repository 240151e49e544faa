#include "container/join.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum { PID = 5, COUNT = 6, START_FIELD = 22 };

/* The mount namespace after those that are joined by what is open already; the pid namespace is the caller's. */
static const struct {
  const char *name;
  int type;
} NAMESPACES[COUNT] = {{"ns/uts", CLONE_NEWUTS}, {"ns/ipc", CLONE_NEWIPC},  {"ns/net", CLONE_NEWNET},
                       {"ns/cgroup", CLONE_NEWCGROUP}, {"ns/mnt", CLONE_NEWNS}, {"ns/pid", CLONE_NEWPID}};

/* proc_pid_stat(5): the name, in parentheses, may hold anything; the fields are counted from its end. */
static uint64_t start_of(int process) {
  char text[1024];
  cleanup_close int fd = openat(process, "stat", O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (got <= 0) return 0;
  text[got] = 0;
  char *at = strrchr(text, ')');
  for (int field = 2; at && field < START_FIELD; field++) at = strchr(at + 1, ' ');
  return at ? strtoull(at + 1, NULL, 10) : 0;
}

static int open_process(pid_t pid) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d", (int)pid);
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

uint64_t process_start(pid_t pid) {
  cleanup_close int process = open_process(pid);
  return start_of(process);
}

static bool is_own(int fd, const char *name) {
  char path[32];
  struct stat theirs, ours;
  snprintf(path, sizeof path, "/proc/self/%s", name);
  return fstat(fd, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_dev == ours.st_dev &&
         theirs.st_ino == ours.st_ino;
}

int join_open(struct joined *joined, pid_t pid, uint64_t start, struct error *error) {
  /* The descriptor stays with this process: a later one of the same number is not seen through it. */
  cleanup_close int process = open_process(pid);
  for (int i = 0; i < COUNT; i++) {
    joined->namespaces[i] = openat(process, NAMESPACES[i].name, O_RDONLY | O_CLOEXEC);
    if (joined->namespaces[i] < 0) return fail(error, errno, "Cannot open the container's %s", NAMESPACES[i].name);
    if (i == PID || !is_own(joined->namespaces[i], NAMESPACES[i].name)) continue;
    close(joined->namespaces[i]);
    joined->namespaces[i] = -1;
  }
  joined->groups = openat(process, "cgroup", O_RDONLY | O_CLOEXEC);
  if (joined->groups < 0) return fail(error, errno, "Cannot look at the container's control groups");
  if (start_of(process) != start) return fail(error, ESRCH, "Cannot find the container's process");
  if (setns(joined->namespaces[PID], CLONE_NEWPID) == 0) return 0;
  return fail(error, errno, "Cannot join the container's %s", NAMESPACES[PID].name);
}

/* The group of version 2 in a file of cgroups(7), as it is seen from this process's cgroup namespace; "" for none. */
static void read_group(int fd, char path[PATH_MAX]) {
  cleanup_free char *line = NULL;
  size_t room = 0;
  FILE *file = fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 3), "re");
  *path = 0;
  while (file && getline(&line, &room, file) > 0)
    if (strncmp(line, "0::", 3) == 0) snprintf(path, PATH_MAX, "%s", line + 3);
  if (file) fclose(file);
}

bool join_shares_group(const struct joined *joined) {
  char theirs[PATH_MAX], ours[PATH_MAX];
  cleanup_close int own = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
  read_group(joined->groups, theirs);
  read_group(own, ours);
  return strcmp(theirs, ours) == 0;
}

int join_enter(const struct joined *joined, struct error *error) {
  /* From here on processes of the container see this one: they must not look into it. */
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return fail(error, errno, "Cannot hide from the container");
  for (int i = 0; i < PID; i++)
    if (joined->namespaces[i] >= 0 && setns(joined->namespaces[i], NAMESPACES[i].type) < 0)
      return fail(error, errno, "Cannot join the container's %s", NAMESPACES[i].name);
  return 0;
}

int join_root(pid_t pid, uint64_t start, struct error *error) {
  cleanup_close int process = open_process(pid);
  int root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return fail(error, errno, "Cannot open the container's root filesystem");
  if (start_of(process) == start) return root;
  close(root);
  return fail(error, ESRCH, "Cannot find the container's process");
}
