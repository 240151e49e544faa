#include "container/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "container/descendants.h"
#include "container/join.h"

enum { OUTPUT_PIECE = 64 * 1024 };

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
    process_began(&run->process, fd);
    restarts_began(&run->restarts);
    if (run->restarts.count > 0) {
      pid_t pid = run->process.pid;
      journal_restart(&run->journal, run->restarts.count, &run->ending, pid, process_start(pid));
      continue;
    }
    frame_begin(run->lane, FRAME_STARTED);
    put_u32(run->lane, (uint32_t)run->process.pid);
    put_u32(run->lane, (uint32_t)getpid());
    frame_end(run->lane);
  }
}

static void pump_stdin(struct run *run) {
  if (!process_pump(&run->process) || !run->asked) return;
  run->asked = false;
  send_empty(run->lane, FRAME_TAKEN);
}

static void take_frame(struct run *run, const struct frame *frame) {
  struct reader reader = reader_of(frame);
  if (frame->type == FRAME_STDIN) {
    process_feed(&run->process, frame->data, frame->size);
    run->asked = true;
  } else if (frame->type == FRAME_CANCEL) {
    run->cancelled = true;
    process_signal(&run->process, SIGKILL);
  } else if (frame->type == FRAME_SIGNAL) {
    process_signal(&run->process, (int)get_u32(&reader));
  } else if (frame->type == FRAME_DETACH) {
    run->parting = true;
  } else if (frame->type == FRAME_GO) {
    if (run->status >= 0) send(run->status, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  } else if (frame->type == FRAME_RESIZE) {
    uint32_t columns = get_u32(&reader);
    process_resize(&run->process, columns, get_u32(&reader));
  }
}

static uint8_t stream_of(enum frame_type type) {
  return type == FRAME_STDOUT ? 1 : 2;
}

/* One piece of output; false when there is nothing now. */
static bool pump_output(struct run *run, int *fd, enum frame_type type) {
  if (*fd < 0) return false;
  ssize_t got;
  if (run->detached || (run->flags & PLAN_DETACHED)) {
    static uint8_t piece[OUTPUT_PIECE];
    got = read(*fd, piece, sizeof piece);
    if (got > 0) journal_output(&run->journal, stream_of(type), piece, (size_t)got);
  } else {
    got = frame_from_fd(run->lane, type, *fd, OUTPUT_PIECE);
    if (got > 0) journal_output(&run->journal, stream_of(type), run->lane->out + run->lane->out_end - got, (size_t)got);
  }
  if (got > 0) return true;
  /* A terminal answers EIO when its last slave is closed; another may be opened, so only the end of all ends it. */
  if (got == 0 || (errno != EAGAIN && fd != &run->process.terminal)) drop(fd);
  return false;
}

static void lose_client(struct run *run) {
  run->lost = run->cancelled = true;
  process_signal(&run->process, SIGKILL);
}

static void reap(struct run *run) {
  struct signalfd_siginfo info = {0};
  (void)!read(run->signals, &info, sizeof info);
  if (info.ssi_signo == SIGTERM) lose_client(run);
  pid_t pid = run->process.pid;
  if (pid > 0 && waitpid(pid, &run->wait_status, WNOHANG) == pid) run->ended = true;
}

/*
 * Lets the client go when the command runs: without a first process of ours its end of the status socket closes with its
 * execution. One that could not be executed is told of as ever.
 */
static void part(struct run *run) {
  bool executed = run->restarts.count > 0;
  if (!executed && run->status >= 0 && !(run->flags & PLAN_INIT)) return;
  if (!executed && run->last.kind != REPORT_RUNNING) return;
  send_empty(run->lane, FRAME_DONE);
  close(run->lane->fd);
  run->lane->fd = -1;
  run->detached = true;
  run->asked = false;
}

/* Whether there is something to wait for: the end of what runs, or of the rest before it is run again. */
static bool goes_on(const struct run *run) {
  if (run->ended || run->lost) return false;
  return run->process.pid > 0 || (!run->process.stopped && restarts_left(&run->restarts) > 0);
}

void watch(struct run *run) {
  enum { LANE, STATUS, SIGNALS, OUT, ERR, MASTER, IN, OPENED, COUNT };
  struct process *process = &run->process;
  struct frame frame;
  bool hung_up = false;
  while (lane_next(run->lane, &frame)) take_frame(run, &frame); /* what came with the command is read already */
  while (goes_on(run)) {
    bool waits = run->started && process->pending_size > 0;
    struct pollfd fds[COUNT + CONTROL_POLLS] = {[LANE] = {run->lane->fd, POLLIN, 0},  [STATUS] = {run->status, POLLIN, 0},
                                [SIGNALS] = {run->signals, POLLIN, 0}, [OUT] = {run->out, POLLIN, 0},
                                [ERR] = {run->err, POLLIN, 0},         [MASTER] = {hung_up ? -1 : process->terminal, POLLIN, 0},
                                [IN] = {waits ? process->input : -1, POLLOUT, 0},
                                [OPENED] = {run->plain ? run->plain->openings.fd : -1, POLLIN, 0}};
    if (waits && process->input < 0) fds[MASTER].events |= POLLOUT;
    size_t callers = control_polls(&run->control, fds + COUNT, run->started && !waits);
    if (poll(fds, COUNT + callers, hung_up ? 20 : process->pid > 0 ? -1 : restarts_left(&run->restarts)) < 0) continue;
    hung_up = (fds[MASTER].revents & (POLLHUP | POLLIN)) == POLLHUP;
    if (fds[STATUS].revents & POLLIN) take_reports(run);
    /* A socket that is closed over there is readable as well: what it had is taken by now. */
    if (fds[STATUS].revents & (POLLHUP | POLLERR)) drop(&run->status);
    if (fds[OUT].revents) pump_output(run, &run->out, FRAME_STDOUT);
    if (fds[ERR].revents) pump_output(run, &run->err, FRAME_STDERR);
    if (fds[MASTER].revents & POLLIN) pump_output(run, &process->terminal, FRAME_STDOUT);
    if (fds[LANE].revents) {
      if (!run->plain) lane_fill(run->lane);
      else if (!lane_try_fill(run->lane)) lose_client(run);
      while (lane_next(run->lane, &frame)) take_frame(run, &frame);
    }
    control_serve(&run->control, fds + COUNT, process);
    if (run->started) pump_stdin(run);
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
  while (pump_output(run, &process->terminal, FRAME_STDOUT)) continue;
}
