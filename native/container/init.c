#include "container/init.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "container/report.h"
#include "base/sys.h"

static void reap(pid_t command, int status) {
  int wait_status;
  for (pid_t pid; (pid = waitpid(-1, &wait_status, WNOHANG)) > 0;) {
    if (pid != command) continue;
    report_send(status, &(struct report){.kind = REPORT_ENDED, .value = wait_status}, -1);
    _exit(0);
  }
}

/* All signals are blocked since the worker: they wait to be taken, even those that a first process would ignore. */
_Noreturn void init_main(pid_t command, int status) {
  sigset_t all;
  sigfillset(&all);
  prctl(PR_SET_NAME, "tsbuild-init");
  close_from_except(0, status);
  for (;;) {
    int number = sigwaitinfo(&all, NULL);
    if (number == SIGCHLD) reap(command, status);
    else if (number > 0) kill(command, number);
  }
}
