#include "container/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "container/container.h"
#include "container/control.h"
#include "container/descendants.h"
#include "container/ending.h"
#include "container/journal.h"
#include "container/oom.h"
#include "tree/overlay.h"
#include "plain/plain.h"
#include "tree/remove.h"
#include "container/report.h"
#include "base/streams.h"

enum { OUTPUT_PIECE = 64 * 1024 };

/* A container as the worker outside sees it. Descriptors are -1 where there is none, or none any more. */
struct run {
  struct lane *lane;
  pid_t child;
  int status, signals, root;
  int out, err, master;
  int in;
  uint8_t *pending; /* bytes for the standard input that did not fit yet; the client waits for FRAME_TAKEN */
  size_t pending_size, pending_at;
  bool cancelled, killed, ended, started;
  struct owners *owners;  /* NULL where files have those that they are given */
  struct plain *plain;    /* NULL in namespaces */
  bool lost;              /* in a plain tree: the client is gone, and what is left is to clean up */
  bool parting, detached; /* the client asked to go; it is gone, and only the journal tells of what follows */
  uint32_t flags;         /* enum plan_flag */
  struct journal journal;
  struct control control;
  int wait_status;
  struct report last; /* REPORT_RUNNING until something else is known */
};

static void drop(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void take_reports(struct run *run) {
  struct report report;
  for (int fd; report_receive(run->status, &report, &fd);) {
    if (report.kind == REPORT_ROOT) {
      run->root = fd;
      continue;
    }
    /* A command that could not be executed also ends; that it could not is what there is to tell. */
    if (report.kind == REPORT_ENDED && run->last.kind != REPORT_RUNNING) continue;
    run->last = report;
    if (report.kind != REPORT_RUNNING) continue;
    run->started = true;
    run->master = fd;
    if (fd >= 0) fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
    frame_begin(run->lane, FRAME_STARTED);
    put_u32(run->lane, (uint32_t)run->child);
    put_u32(run->lane, (uint32_t)getpid());
    frame_end(run->lane);
  }
}

static void pump_stdin(struct run *run) {
  int fd = run->in >= 0 ? run->in : run->master;
  while (run->pending_at < run->pending_size) {
    ssize_t put = fd < 0 ? -1 : write(fd, run->pending + run->pending_at, run->pending_size - run->pending_at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && fd >= 0 && errno == EAGAIN) return;
    /* Nobody reads it any more: what comes is taken and dropped. */
    if (put < 0) break;
    run->pending_at += (size_t)put;
  }
  run->pending_at = run->pending_size = 0;
  frame_begin(run->lane, FRAME_TAKEN);
  frame_end(run->lane);
}

static void take_stdin(struct run *run, const struct frame *frame) {
  static const uint8_t end_of_transmission = 4;
  const uint8_t *data = frame->data;
  size_t size = frame->size;
  if (size == 0 && run->master < 0) {
    drop(&run->in);
    return;
  }
  if (size == 0) {
    data = &end_of_transmission;
    size = 1;
  }
  free(run->pending);
  run->pending = must_alloc(size);
  memcpy(run->pending, data, size);
  run->pending_size = size;
  run->pending_at = 0;
  pump_stdin(run);
}

static void take_frame(struct run *run, const struct frame *frame) {
  struct reader reader = reader_of(frame);
  if (frame->type == FRAME_STDIN) {
    take_stdin(run, frame);
  } else if (frame->type == FRAME_CANCEL) {
    run->cancelled = true;
    kill(run->child, SIGKILL);
  } else if (frame->type == FRAME_SIGNAL) {
    int number = (int)get_u32(&reader);
    if (number == SIGKILL) run->killed = true;
    kill(run->child, number);
  } else if (frame->type == FRAME_DETACH) {
    run->parting = true;
  } else if (frame->type == FRAME_GO) {
    if (run->status >= 0) send(run->status, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  } else if (frame->type == FRAME_RESIZE) {
    struct winsize size = {0};
    size.ws_col = (unsigned short)get_u32(&reader);
    size.ws_row = (unsigned short)get_u32(&reader);
    if (run->master >= 0) ioctl(run->master, TIOCSWINSZ, &size);
  }
}

static uint8_t stream_of(enum frame_type type) {
  return type == FRAME_STDOUT ? 1 : 2;
}

/* One piece of output; false when there is nothing now. */
static bool pump_output(struct run *run, int *fd, enum frame_type type) {
  if (*fd < 0) return false;
  ssize_t got;
  if (run->flags & PLAN_DETACHED) {
    static uint8_t piece[OUTPUT_PIECE];
    got = read(*fd, piece, sizeof piece);
    if (got > 0) journal_output(&run->journal, stream_of(type), piece, (size_t)got);
  } else {
    got = frame_from_fd(run->lane, type, *fd, OUTPUT_PIECE);
    if (got > 0) journal_output(&run->journal, stream_of(type), run->lane->out + run->lane->out_end - got, (size_t)got);
  }
  if (got > 0) return true;
  /* A terminal answers EIO when its last slave is closed; another may be opened, so only the end of all ends it. */
  if (got == 0 || (errno != EAGAIN && fd != &run->master)) drop(fd);
  return false;
}

static void lose_client(struct run *run) {
  run->lost = run->cancelled = true;
  kill(run->child, SIGKILL);
}

static void reap(struct run *run) {
  struct signalfd_siginfo info = {0};
  (void)!read(run->signals, &info, sizeof info);
  if (info.ssi_signo == SIGTERM) lose_client(run);
  if (waitpid(run->child, &run->wait_status, WNOHANG) == run->child) run->ended = true;
}

/*
 * Lets the client go when the command runs: without a first process of ours its end of the status socket closes with its
 * execution. One that could not be executed is told of as ever.
 */
static void part(struct run *run) {
  if (run->status >= 0 && !(run->flags & PLAN_INIT)) return;
  if (run->last.kind != REPORT_RUNNING) return;
  send_empty(run->lane, FRAME_DONE);
  close(run->lane->fd);
  run->lane->fd = -1;
  run->detached = true;
}

static void pump(struct run *run) {
  enum { LANE, STATUS, SIGNALS, OUT, ERR, MASTER, IN, OPENED, COUNT };
  struct frame frame;
  bool hung_up = false;
  while (lane_next(run->lane, &frame)) take_frame(run, &frame); /* what came with the command is read already */
  while (!run->ended && !run->lost) {
    bool waits = run->pending_size > 0;
    struct pollfd fds[COUNT + CONTROL_POLLS] = {[LANE] = {run->lane->fd, POLLIN, 0},  [STATUS] = {run->status, POLLIN, 0},
                                [SIGNALS] = {run->signals, POLLIN, 0}, [OUT] = {run->out, POLLIN, 0},
                                [ERR] = {run->err, POLLIN, 0},         [MASTER] = {hung_up ? -1 : run->master, POLLIN, 0},
                                [IN] = {waits ? run->in : -1, POLLOUT, 0},
                                [OPENED] = {run->plain ? run->plain->openings.fd : -1, POLLIN, 0}};
    if (waits && run->in < 0) fds[MASTER].events |= POLLOUT;
    size_t callers = control_polls(&run->control, fds + COUNT);
    if (poll(fds, COUNT + callers, hung_up ? 20 : -1) < 0) continue;
    hung_up = (fds[MASTER].revents & (POLLHUP | POLLIN)) == POLLHUP;
    if (fds[STATUS].revents & POLLIN) take_reports(run);
    /* A socket that is closed over there is readable as well: what it had is taken by now. */
    if (fds[STATUS].revents & (POLLHUP | POLLERR)) drop(&run->status);
    if (fds[OUT].revents) pump_output(run, &run->out, FRAME_STDOUT);
    if (fds[ERR].revents) pump_output(run, &run->err, FRAME_STDERR);
    if (fds[MASTER].revents & POLLIN) pump_output(run, &run->master, FRAME_STDOUT);
    if (waits && ((fds[IN].revents | fds[MASTER].revents) & (POLLOUT | POLLERR | POLLHUP))) pump_stdin(run);
    if (fds[LANE].revents) {
      if (!run->plain) lane_fill(run->lane);
      else if (!lane_try_fill(run->lane)) lose_client(run);
      while (lane_next(run->lane, &frame)) take_frame(run, &frame);
    }
    if (control_serve(&run->control, fds + COUNT, run->child)) run->killed = true;
    if (fds[SIGNALS].revents) reap(run);
    if (fds[OPENED].revents) openings_take(&run->plain->openings);
    if (run->parting && !run->detached && !run->ended) part(run);
    if (!run->detached && !run->lost) lane_flush(run->lane);
  }
  if (run->plain) end_descendants();
  if (run->lost) return;
  /* No process is left: what the pipes hold now is all that there will be. */
  if (run->status >= 0) take_reports(run);
  while (pump_output(run, &run->out, FRAME_STDOUT)) continue;
  while (pump_output(run, &run->err, FRAME_STDERR)) continue;
  while (pump_output(run, &run->master, FRAME_STDOUT)) continue;
}

static void send_exit(struct run *run, bool out_of_memory) {
  int status = run->last.kind == REPORT_ENDED ? run->last.value : run->wait_status;
  int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  bool unrun = run->last.kind == REPORT_UNRUN;
  int failure = unrun ? run->last.value : FAILURE_NONE;
  int code = unrun ? (failure == FAILURE_NOT_FOUND ? 127 : 126) : number ? 128 + number : WEXITSTATUS(status);
  bool run_out = out_of_memory && code == 128 + SIGKILL && !run->killed;
  const struct ending ending = {code, unrun ? 0 : number, failure, run_out, unrun ? run->last.error.message : ""};
  journal_exit(&run->journal, &ending);
  control_end(&run->control, code);
  if (!run->detached) send_ending(run->lane, &ending);
}

static int start(struct run *run, const struct plan *plan, struct stubs *stubs, struct error *error) {
  struct joined joined;
  bool joins = plan->root.kind == ROOT_CONTAINER;
  struct container container = {plan, stubs, run->owners, joins ? &joined : NULL, run->plain ? run->plain->covers.root : -1, -1,
                                {-1, -1, -1}, false};
  int pair[2];
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  if (run->plain) sigaddset(&child, SIGTERM);
  run->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (run->signals < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
    return fail(error, errno, "Cannot watch a container");
  run->status = pair[0];
  container.status = pair[1];
  struct streams ours = {-1, -1, -1};
  if (streams_open(plan, run->plain, &ours, container.stdio, error) < 0) return -1;
  run->in = ours.in, run->out = ours.out, run->err = ours.err;
  if (joins && join_open(&joined, (pid_t)plan->root.pid, plan->root.start, error) < 0) return -1;
  run->child = container_start(&container, error);
  close(container.status);
  for (int i = 0; i < 3; i++) drop(&container.stdio[i]);
  return run->child < 0 ? -1 : 0;
}

int run(struct lane *lane, const struct frame *frame, struct error *error) {
  struct plan plan;
  struct run run = {.lane = lane, .status = -1, .signals = -1, .root = -1, .out = -1, .err = -1, .master = -1, .in = -1,
                    .last = {.kind = REPORT_RUNNING}};
  struct stubs *stubs = stubs_new(error);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  /* The plan points into its frame, which the next one would overwrite. */
  struct frame kept = {frame->type, memcpy(must_alloc(frame->size), frame->data, frame->size), frame->size};
  if (!stubs || plan_read(&kept, &plan, error) < 0) return -1;
  run.flags = plan.flags;
  if (journal_open(&run.journal, plan.state, error) < 0 || control_open(&run.control, plan.state, error) < 0) return -1;
  uint64_t kills = oom_kills(&plan.cgroups);
  struct plain plain = {.covers = {.root = -1, .aside = -1}, .openings = {.fd = -1}};
  if (plan.root.kind == ROOT_PLAIN) {
    run.plain = &plain;
    if (plain_open(&plain, lane, &plan, error) < 0) return plain_close(&plain, false, error);
  }
  if ((plan.flags & PLAN_OWNERS) && !(run.owners = owners_new(error))) return -1;
  if (start(&run, &plan, stubs, error) < 0) return plain_close(run.plain, false, error);
  pump(&run);
  if (plain_close(run.plain, run.lost, error) < 0 && !run.cancelled) return -1;
  /* Closing the last descriptor of the root unmounts it: who hears of the exit finds the upper directory at rest. */
  if (run.root >= 0) stubs_remove(stubs, run.root);
  if (run.owners && plan.root.kind == ROOT_OVERLAY) owners_settle(run.owners, run.root, plan.root.upper);
  drop(&run.root);
  if (plan.root.kind == ROOT_OVERLAY) clear_work(plan.root.work);
  if (run.owners && owners_save(run.owners, plan.root.work, error) < 0) return -1;
  if (run.cancelled) return fail(error, ECANCELED, "Cannot finish the command");
  if (run.last.kind == REPORT_FAILED) {
    *error = run.last.error;
    return -1;
  }
  if (!run.started) return fail(error, 0, "Cannot start a container: its first process ended early");
  if (run.plain && run.wait_status == 0 && run.last.kind == REPORT_RUNNING && plain_send(&plain, error) < 0) return -1;
  send_exit(&run, WIFSIGNALED(run.wait_status) || run.last.kind == REPORT_ENDED ? oom_kills(&plan.cgroups) > kills : false);
  if (!run.detached) return 0;
  if (plan.flags & PLAN_REMOVE) remove_tree(AT_FDCWD, plan.state, error);
  _exit(0);
}
