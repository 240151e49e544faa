#include "container/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/streams.h"
#include "container/confine.h"
#include "container/container.h"
#include "container/ending.h"
#include "container/oom.h"
#include "container/watch.h"
#include "tree/overlay.h"
#include "tree/remove.h"

/* docker's exit code for a failure of its own. */
enum { RUN_FAILED = 125 };

static int open_signals(bool plain, struct error *error) {
  sigset_t wanted;
  sigfillset(&wanted);
  sigprocmask(SIG_SETMASK, &wanted, NULL);
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  if (plain) sigaddset(&wanted, SIGTERM);
  int signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  return signals >= 0 ? signals : fail(error, errno, "Cannot watch a container");
}

static int start(struct run *run, const struct plan *plan, struct stubs *stubs, struct error *error) {
  struct joined joined;
  bool joins = plan->root.kind == ROOT_CONTAINER;
  struct container container = {plan, stubs, run->owners, joins ? &joined : NULL, run->plain ? run->plain->covers.root : -1, -1,
                                {-1, -1, -1}, run->filtered};
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
    return fail(error, errno, "Cannot watch a container");
  run->status = pair[0];
  container.status = pair[1];
  struct streams ours = {-1, -1, -1};
  if (streams_open(plan, run->plain, &ours, container.stdio, error) < 0) return -1;
  run->process.input = ours.in, run->out = ours.out, run->err = ours.err;
  if (joins && join_open(&joined, (pid_t)plan->root.pid, plan->root.start, error) < 0) return -1;
  pid_t pid = container_start(&container, error);
  run->filtered = container.filtered;
  close(container.status);
  for (int i = 0; i < 3; i++) close_later(&container.stdio[i]);
  if (pid > 0) run->process.pid = pid;
  return pid > 0 ? 0 : -1;
}

static void close_streams(struct run *run) {
  int *streams[] = {&run->status, &run->out, &run->err};
  for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
    close_later(streams[i]);
    *streams[i] = -1;
  }
  process_ended(&run->process);
}

/* What later runs need of what their client made, which goes with it. */
static int keep_surroundings(struct plan *plan, struct error *error) {
  keep_cgroups(plan);
  if (*plan->network == 0) return 0;
  int network = open(plan->network, O_RDONLY | O_CLOEXEC);
  if (network < 0) return fail(error, errno, "Cannot open network namespace '%s'", plan->network);
  plan->network = must_format("/proc/self/fd/%d", network);
  return 0;
}

/* One run, from its namespaces to their end. */
static int run_once(struct run *run, const struct plan *plan, struct stubs *stubs, struct error *error) {
  uint64_t kills = oom_kills(&plan->cgroups);
  run->last = (struct report){.kind = REPORT_RUNNING};
  run->started = run->ended = run->process.killed = false;
  if (run->plain && plain_open(run->plain, run->lane, plan, error) < 0) return plain_close(run->plain, false, error);
  if (start(run, plan, stubs, error) < 0) return plain_close(run->plain, false, error);
  watch(run);
  close_streams(run);
  if (plain_close(run->plain, run->lost, error) < 0 && !run->cancelled) return -1;
  /* Of what is removed next nobody sees how it was left; but one that never ran may get another try. */
  bool tidy = !(plan->flags & PLAN_REMOVE) || plan->restart != RESTART_NO || !run->started;
  /* Closing the last descriptor of the root unmounts it: who hears of the exit finds the upper directory at rest. */
  if (run->root >= 0 && tidy) stubs_remove(stubs, run->root);
  if (run->owners && plan->root.kind == ROOT_OVERLAY) owners_settle(run->owners, run->root, plan->root.upper);
  close_later(&run->root);
  run->root = -1;
  if (plan->root.kind == ROOT_OVERLAY && tidy) clear_work(plan->root.work);
  if (run->owners && owners_save(run->owners, plan->root.work, error) < 0) return -1;
  if (run->cancelled) return fail(error, ECANCELED, "Cannot finish the command");
  if (run->last.kind == REPORT_FAILED) {
    *error = run->last.error;
    return -1;
  }
  if (!run->started) return fail(error, 0, "Cannot start a container: its first process ended early");
  if (run->plain && run->wait_status == 0 && run->last.kind == REPORT_RUNNING && plain_send(run->plain, error) < 0) return -1;
  struct ending ending = ending_of(&run->last, run->wait_status);
  ending.out_of_memory = ending.code == 128 + SIGKILL && !run->process.killed && oom_kills(&plan->cgroups) > kills;
  run->ending = ending;
  return 0;
}

/* Whether it is run once more; it has rested then. */
static bool rest(struct run *run) {
  if (run->process.stopped || run->last.kind == REPORT_UNRUN || !restarts_again(&run->restarts, run->ending.code)) return false;
  journal_restart(&run->journal, run->restarts.count, &run->ending, 0, 0);
  run->started = run->ended = false;
  watch(run);
  if (run->lost) _exit(1);
  return !run->process.stopped;
}

int run(struct lane *lane, const struct frame *frame, struct error *error) {
  struct plan plan;
  struct run run = {.lane = lane, .process = {.terminal = -1, .input = -1}, .status = -1, .root = -1, .out = -1, .err = -1};
  struct plain plain = {.covers = {.root = -1, .aside = -1}, .openings = {.fd = -1}};
  struct stubs *stubs = stubs_new(error);
  /* The plan points into its frame, which the next one would overwrite. */
  struct frame kept = {frame->type, memcpy(must_alloc(frame->size), frame->data, frame->size), frame->size};
  if (!stubs || plan_read(&kept, &plan, error) < 0) return -1;
  run.flags = plan.flags;
  run.restarts = (struct restarts){.policy = plan.restart, .most = plan.most_restarts};
  if (plan.root.kind == ROOT_PLAIN) run.plain = &plain;
  run.signals = open_signals(run.plain, error);
  if (run.signals < 0 || journal_open(&run.journal, plan.state, error) < 0 || control_open(&run.control, plan.state, error) < 0)
    return -1;
  if ((plan.flags & PLAN_OWNERS) && !(run.owners = owners_new(error))) return -1;
  if (plan.restart != RESTART_NO && keep_surroundings(&plan, error) < 0) return -1;
  int result;
  while ((result = run_once(&run, &plan, stubs, error)) == 0 && rest(&run)) {
    /* What the first run waited for is there. */
    plan.flags &= ~(uint32_t)PLAN_WAIT;
  }
  if (plan.restart != RESTART_NO) release_cgroups(&plan);
  if (result < 0 && (run.restarts.count == 0 || run.cancelled)) return -1;
  if (result < 0) run.ending = (struct ending){.code = RUN_FAILED, .message = error->message};
  journal_exit(&run.journal, &run.ending);
  control_end(&run.control, run.ending.code);
  if (!run.detached && result == 0) send_ending(lane, &run.ending);
  if (!run.detached) return result;
  if (plan.flags & PLAN_REMOVE) remove_tree(AT_FDCWD, plan.state, error);
  _exit(0);
}
