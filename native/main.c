#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "tree/apply.h"
#include "tree/copy.h"
#include "container/descendants.h"
#include "deflate/deflate_file.h"
#include "tree/diff.h"
#include "tree/list.h"
#include "namespaces/namespaces.h"
#include "base/own_copy.h"
#include "namespaces/network.h"
#include "tree/remove.h"
#include "tree/transfer.h"
#include "container/run.h"
#include "base/sys.h"
#include "namespaces/trial.h"
#include "base/wire.h"

enum { CONTROL = 3, FIRST_LANE = 4, MAX_LANES = 64 };

typedef int command(struct lane *lane, const struct frame *frame, struct error *error);

static command *const COMMANDS[] = {
    [FRAME_RUN] = run,   [FRAME_DIFF] = diff,     [FRAME_APPLY] = apply, [FRAME_LIST] = list,
    [FRAME_COPY] = copy, [FRAME_REMOVE] = remove_trees, [FRAME_SYNC] = sync_directory,
    [FRAME_NETWORK] = network, [FRAME_FETCH] = fetch, [FRAME_PUT] = put};

/* In a worker: one command, its answer, and the lane left clean for the next one. */
static _Noreturn void work(int fd) {
  struct lane lane;
  struct frame frame;
  struct error error = {0, ""};
  /* main is the parent, or was: when it is gone nobody will ever read the lane. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  lane_open(&lane, fd);
  lane_read(&lane, &frame);
  command *wanted = frame.type < sizeof COMMANDS / sizeof *COMMANDS ? COMMANDS[frame.type] : NULL;
  if (wanted ? wanted(&lane, &frame, &error) < 0 : fail(&error, EPROTO, "Cannot obey command %u", frame.type) < 0)
    send_error(&lane, &error);
  do lane_read(&lane, &frame);
  while (frame.type != FRAME_RELEASE);
  send_empty(&lane, FRAME_IDLE);
  _exit(0);
}

static void start_worker(pid_t *workers, size_t index) {
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int lane = FIRST_LANE + (int)index;
    close_from_except(CONTROL, lane);
    work(lane);
  }
  /* No process to be had now: the lane stays readable, and is looked at again after a while. */
  if (pid > 0) workers[index] = pid;
}

static void reap(struct lane *control, pid_t *workers, size_t count) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    for (size_t i = 0; i < count; i++) {
      if (workers[i] != pid) continue;
      workers[i] = 0;
      if (status == 0) break;
      /* Without namespaces a step can kill the worker that watches it: main is the next to get what is left of it. */
      end_orphans(workers, count);
      frame_begin(control, FRAME_DIED);
      put_u32(control, (uint32_t)i);
      put_u32(control, (uint32_t)status);
      frame_end(control);
      lane_flush(control);
    }
  }
}

/* What the client leaves behind: a container, by the lane of the worker that watches it, or directories to be removed. */
struct legacy {
  size_t lane;
  struct strings garbage;
};

/* False where the client is gone. */
static bool take_control(struct lane *control, struct legacy *legacy) {
  struct frame frame;
  if (!lane_try_fill(control)) return false;
  while (lane_next(control, &frame)) {
    struct reader reader = reader_of(&frame);
    if (frame.type == FRAME_DETACH) legacy->lane = get_u32(&reader);
    if (frame.type != FRAME_LEAVE) continue;
    legacy->garbage = get_strings(&reader);
    for (size_t i = 0; i < legacy->garbage.count; i++)
      legacy->garbage.items[i] = must_format("%s", legacy->garbage.items[i]);
  }
  return true;
}

/* The client left a container here: all ends with the worker that watches it, and main with that. */
static void outlive_client(const pid_t *workers, size_t count, size_t lane) {
  close_from_except(0, -1);
  if (lane >= count || workers[lane] == 0) return;
  for (pid_t pid; (pid = waitpid(-1, NULL, 0)) != workers[lane];)
    if (pid < 0 && errno != EINTR) return;
}

/*
 * Until the client is gone: its end of the control pipe closes, however it ends. `last_signal` is for the workers then:
 * those that have something to clean up take SIGTERM as an order to do so.
 */
static void serve(struct lane *control, size_t count, int last_signal) {
  pid_t workers[MAX_LANES] = {0};
  struct legacy legacy = {.lane = MAX_LANES};
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  for (;;) {
    struct pollfd fds[MAX_LANES + 2] = {{CONTROL, POLLIN, 0}, {signals, POLLIN, 0}};
    bool starved = false;
    for (size_t i = 0; i < count; i++) fds[i + 2] = (struct pollfd){workers[i] ? -1 : FIRST_LANE + (int)i, POLLIN, 0};
    if (poll(fds, count + 2, -1) < 0) continue;
    bool here = fds[0].revents == 0 || take_control(control, &legacy);
    /* All lanes end with it, which are not to be taken for commands: what it said last is heard first. */
    while (here && (fds[0].revents & POLLHUP)) here = take_control(control, &legacy);
    if (!here) break;
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) > 0) continue;
    reap(control, workers, count);
    for (size_t i = 0; i < count; i++) {
      if (workers[i] || !(fds[i + 2].revents & POLLIN)) continue;
      start_worker(workers, i);
      starved = starved || !workers[i];
    }
    if (starved) poll(NULL, 0, 20);
  }
  if (legacy.lane < MAX_LANES) outlive_client(workers, count, legacy.lane);
  for (size_t i = 0; i < count; i++)
    if (workers[i]) kill(workers[i], last_signal);
  while (wait(NULL) > 0 || errno == EINTR) continue;
  /* Nobody hears of a failure: what is left is swept with all that dead clients leave. */
  struct error error;
  for (size_t i = 0; i < legacy.garbage.count; i++) remove_tree(AT_FDCWD, legacy.garbage.items[i], &error);
}

/*
 * Memory belongs to the user namespace that its program was executed in, and so does the right to look at a process that
 * hides itself: a container's first process hides, and who executes something beside it has to see its namespaces.
 */
static int execute_again(char **argv, char *mode, struct error *error) {
  char *again[] = {argv[0], argv[1], mode, NULL};
  execve("/proc/self/exe", again, (char *[]){NULL});
  return fail(error, errno, "Cannot execute the helper in a user namespace");
}

int main(int argc, char **argv) {
  struct lane control;
  struct error error = {0, ""};
  if (argc == 3 && strcmp(argv[1], "deflate") == 0) return deflate_file(argv[2]);
  unsigned long lanes = argc >= 2 ? strtoul(argv[1], NULL, 10) : 0;
  if (lanes < 1 || lanes > MAX_LANES) {
    fprintf(stderr, "usage: tsbuild-helper LANES [userns | try-userns | plain | join NAMESPACE]; it is started by tsbuild, not by hand\n");
    return 2;
  }
  if (become_copy(argv, &error) < 0) goto failed;
  lane_open(&control, CONTROL);
  const char *mode = argc >= 3 ? argv[2] : "";
  bool enters = strcmp(mode, "userns") == 0, tries = strcmp(mode, "try-userns") == 0;
  if ((enters || tries) && enter_user_namespace(&control, &error) < 0) goto failed;
  if ((enters || tries) && execute_again(argv, tries ? "try" : "entered", &error) < 0) goto failed;
  /* A Ctrl-C is for the client, which then tells what to stop. */
  setsid();
  close_on_exec_from(CONTROL);
  if (argc == 4 && strcmp(mode, "join") == 0 && join_user_namespace(argv[3], &error) < 0) goto failed;
  if (strcmp(mode, "try") == 0 && try_isolation(&error) < 0) goto failed;
  bool plain = strcmp(mode, "plain") == 0;
  if (plain) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (!plain && enter_mount_namespace(&error) < 0) goto failed;
  send_empty(&control, FRAME_READY);
  serve(&control, lanes, plain ? SIGTERM : SIGKILL);
  return 0;
failed:
  fprintf(stderr, "%s\n", error.message);
  return 1;
}
