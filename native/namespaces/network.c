#include "namespaces/network.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/sys.h"

enum { READY = 3, TIMEOUT = 10000, SAID_KEPT = 400 };

/* The program that connects a namespace, as the worker sees it. */
struct tool {
  pid_t init;        /* first process of a pid namespace of its own: nothing of the program can outlive it */
  int ready, said;   /* what it writes when it is ready, and its standard error; -1 when they end */
  char words[SAID_KEPT + 1];
  size_t size;
};

int loopback_up(struct error *error) {
  cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo"};
  if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0) return fail(error, errno, "Cannot look at the loopback device");
  request.ifr_flags |= IFF_UP;
  if (ioctl(fd, SIOCSIFFLAGS, &request) < 0) return fail(error, errno, "Cannot start the loopback device");
  return 0;
}

int join_network(const char *path, struct error *error) {
  cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) return fail(error, errno, "Cannot join network namespace '%s'", path);
  return 0;
}

static int keep_new_namespace(const char *path, struct error *error) {
  cleanup_close int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return fail(error, errno, "Cannot make '%s'", path);
  if (unshare(CLONE_NEWNET) < 0) return fail(error, errno, "Cannot make a network namespace");
  if (loopback_up(error) < 0) return -1;
  if (mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL) == 0) return 0;
  return fail(error, errno, "Cannot keep a network namespace at '%s'", path);
}

/* In a child: in a user namespace there is no way back into the network that the worker came from. */
static int make_namespace(const char *path, struct error *error) {
  int pair[2], status;
  if (pipe2(pair, O_CLOEXEC) < 0) return fail(error, errno, "Cannot make a pipe");
  pid_t pid = fork();
  if (pid == 0) {
    if (keep_new_namespace(path, error) < 0) (void)!write(pair[1], error, sizeof *error);
    _exit(0);
  }
  close(pair[1]);
  cleanup_close int answer = pair[0];
  if (pid < 0) return fail(error, errno, "Cannot fork");
  ssize_t got = read(answer, error, sizeof *error);
  waitpid(pid, &status, 0);
  if (got == 0 && status == 0) return 0;
  return got == (ssize_t)sizeof *error ? -1 : fail(error, 0, "Cannot make a network namespace: a process died");
}

/* In the directory of the namespace's file: an address of a socket there is short enough for unix(7) as a mere name. */
static _Noreturn void exec_tool(const struct strings *argv, const char *path, int ready, int said) {
  sigset_t none;
  const char *slash = strrchr(path, '/');
  cleanup_free char *directory = slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
  if (directory && chdir(directory) < 0) dprintf(said, "%s: %s\n", directory, strerror(errno));
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  dup2(null, 0);
  dup2(null, 1);
  dup2(said, 2);
  /* dup2 of a descriptor on itself would leave it to be closed on exec. */
  if (ready == READY) fcntl(ready, F_SETFD, 0);
  else dup2(ready, READY);
  close_on_exec_from(READY + 1);
  execve(argv->items[0], (char **)argv->items, (char *[]){NULL});
  dprintf(2, "%s: %s\n", argv->items[0], strerror(errno));
  _exit(127);
}

/* Keeps `ready` open as long as the program lives, which may open it by its name alone. */
static _Noreturn void tool_init(const struct strings *argv, const char *path, int ready, int said) {
  struct pollfd worker = {.fd = ready};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  /* The worker may be dead by now: then that signal never comes, and the program would stay for ever. */
  if (poll(&worker, 1, 0) != 0) _exit(1);
  pid_t tool = fork();
  if (tool == 0) exec_tool(argv, path, ready, said);
  close(said);
  for (pid_t pid; (pid = waitpid(-1, NULL, 0)) != tool;)
    if (pid < 0 && errno != EINTR) break;
  _exit(1);
}

/* A FIFO, for programs that write to a file when they are ready. Both of its ends; nobody opens it by its name afterwards. */
static int open_ready(const char *fifo, int ready[2], struct error *error) {
  if (mkfifo(fifo, 0600) < 0) return fail(error, errno, "Cannot make '%s'", fifo);
  ready[0] = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ready[1] = open(fifo, O_WRONLY | O_CLOEXEC);
  return ready[0] < 0 || ready[1] < 0 ? fail(error, errno, "Cannot open '%s'", fifo) : 0;
}

static int start_tool(struct tool *tool, const struct strings *argv, const char *path, const char *fifo, int lane,
                      struct error *error) {
  int ready[2] = {-1, -1}, said[2];
  if (open_ready(fifo, ready, error) < 0) return -1;
  if (pipe2(said, O_CLOEXEC) < 0) return fail(error, errno, "Cannot make a pipe");
  tool->init = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
  if (tool->init == 0) {
    close(lane);
    close(ready[0]);
    close(said[0]);
    tool_init(argv, path, ready[1], said[1]);
  }
  close(ready[1]);
  close(said[1]);
  tool->ready = ready[0];
  tool->said = said[0];
  return tool->init > 0 ? 0 : fail(error, errno, "Cannot make a pid namespace");
}

static void listen_to(struct tool *tool) {
  char buffer[1024];
  ssize_t got = read(tool->said, buffer, sizeof buffer);
  if (got <= 0) {
    close(tool->said);
    tool->said = -1;
    return;
  }
  size_t room = SAID_KEPT - tool->size, taken = (size_t)got < room ? (size_t)got : room;
  memcpy(tool->words + tool->size, buffer, taken);
  tool->size += taken;
}

/* What a person is told of a program's last words: one line. */
static const char *words_of(struct tool *tool) {
  while (tool->size > 0 && tool->words[tool->size - 1] == '\n') tool->words[--tool->size] = 0;
  for (char *at = tool->words; *at; at++)
    if (*at == '\n') *at = ';';
  return tool->size > 0 ? tool->words : "it said nothing";
}

static int await_tool(struct tool *tool, struct lane *lane, const char *name, struct error *error) {
  for (;;) {
    char byte;
    struct pollfd fds[] = {{tool->ready, POLLIN, 0}, {tool->said, POLLIN, 0}, {lane->fd, POLLIN, 0}};
    int count = poll(fds, 3, TIMEOUT);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) return fail(error, 0, "Cannot connect a network with %s: it takes too long", name);
    if (fds[2].revents && lane_cancelled(lane)) return fail(error, ECANCELED, "Cannot connect a network");
    if (fds[1].revents) listen_to(tool);
    if (!fds[0].revents) continue;
    if (read(tool->ready, &byte, 1) == 1) return 0;
    while (tool->said >= 0) listen_to(tool);
    return fail(error, 0, "Cannot connect a network with %s: %s", name, words_of(tool));
  }
}

/* Until the client asks for the end; for ever, after DETACH. What the program says is thrown away. */
static void keep_tool(struct tool *tool, struct lane *lane) {
  struct frame frame;
  for (bool detached = false;;) {
    struct pollfd fds[] = {{detached ? -1 : lane->fd, POLLIN, 0}, {tool->said, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents) listen_to(tool);
    if (!fds[0].revents) continue;
    lane_fill(lane);
    while (lane_next(lane, &frame)) {
      if (frame.type == FRAME_CANCEL) return;
      if (frame.type != FRAME_DETACH || detached) continue;
      send_empty(lane, FRAME_DONE);
      close(lane->fd);
      detached = true;
    }
  }
}

int network(struct lane *lane, const struct frame *frame, struct error *error) {
  struct tool tool = {.ready = -1, .said = -1};
  struct reader reader = reader_of(frame);
  const char *path = get_string(&reader);
  struct strings argv = get_strings(&reader);
  if (reader_finish(&reader, "network", error) < 0) return -1;
  if (argv.count == 0) return fail(error, EINVAL, "Cannot connect a network without a program");
  int result = make_namespace(path, error);
  if (result == 0) send_empty(lane, FRAME_MADE);
  cleanup_free char *fifo = must_format("%s.ready", path);
  if (result == 0) result = start_tool(&tool, &argv, path, fifo, lane->fd, error);
  if (result == 0) result = await_tool(&tool, lane, argv.items[0], error);
  unlink(fifo);
  if (result == 0) {
    send_empty(lane, FRAME_STARTED);
    keep_tool(&tool, lane);
  }
  if (tool.init > 0) {
    kill(tool.init, SIGKILL);
    waitpid(tool.init, NULL, 0);
  }
  umount2(path, MNT_DETACH);
  unlink(path);
  if (result == 0) send_empty(lane, FRAME_DONE);
  return result;
}
