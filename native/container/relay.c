#include "container/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/files.h"
#include "base/sys.h"

enum { BACKLOG = 16, PIECE = 16 * 1024 };

static int address_of(struct sockaddr_un *address, const char *path) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address->sun_path, path);
  return 0;
}

static int connect_to(const char *path) {
  struct sockaddr_un address;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && address_of(&address, path) == 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  close_later(&fd);
  return -1;
}

/* False when that side has no more to say. */
static bool pass(int from, int to) {
  char buffer[PIECE];
  ssize_t got = read(from, buffer, sizeof buffer);
  if (got > 0 && write_all(to, buffer, (size_t)got) == 0) return true;
  shutdown(to, SHUT_WR);
  return false;
}

static _Noreturn void pass_both(int step, const char *source) {
  int agent = connect_to(source);
  if (agent < 0) _exit(1);
  struct pollfd ends[2] = {{step, POLLIN, 0}, {agent, POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (poll(ends, 2, -1) < 0) continue;
    if (ends[0].revents && !pass(step, agent)) ends[0].fd = -1;
    if (ends[1].revents && !pass(agent, step)) ends[1].fd = -1;
    ends[0].revents = ends[1].revents = 0;
  }
  _exit(0);
}

static _Noreturn void serve(int listening, const char *source) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_from_except(0, listening);
  /* Nobody asks how the connections' processes ended. */
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    int step = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (step < 0) continue;
    pid_t pid = fork();
    if (pid == 0) pass_both(step, source);
    close(step);
  }
}

int relay_start(int parent, const char *name, const char *source, struct error *error) {
  struct sockaddr_un address;
  struct stat st;
  cleanup_free char *path = must_format("/proc/self/fd/%d/%s", parent, name);
  cleanup_close int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listening < 0 || stat(source, &st) < 0 || address_of(&address, path) < 0 ||
      bind(listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(listening, BACKLOG) < 0)
    return fail(error, errno, "Cannot make a socket that leads to '%s'", source);
  if (fchownat(parent, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
      fchmodat(parent, name, st.st_mode & 0777, 0) < 0)
    return fail(error, errno, "Cannot change the owner of '%s'", name);
  pid_t pid = fork();
  if (pid == 0) serve(listening, source);
  return pid > 0 ? 0 : fail(error, errno, "Cannot fork");
}
